#!/usr/bin/env bash
# Which folder may include what. All headers of the libraries lie in one place on the
# system, so the linker cannot enforce this; the includes can.
. "$(dirname "$0")/sources.sh"

found=0

# forbid REASON PATTERN FILE... : complains about every #include that matches.
forbid() {
    local reason=$1 pattern=$2 hits
    shift 2
    [ $# -gt 0 ] || return 0
    if hits=$(grep -nHE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" "$@"); then
        echo "$hits" | sed "s|\$|   <- $reason|"
        found=1
    fi
}

# files_but EXCEPTION FOLDER... : the folders' files without those that match the exception.
files_but() {
    local exception=$1
    shift
    source_files "$@" | grep -vE "^($exception)\$" || true
}

mapfile -t all < <(source_files protocol config metrics proxy)
require_files layering "${all[@]}"

asio='boost/asio|boost/beast'
logs='spdlog/'
openssl='openssl/'
libpq='libpq'
yaml='yaml-cpp/'
prometheus='prometheus/'
sockets='sys/socket|sys/epoll|netinet/|arpa/|unistd'

mapfile -t files < <(source_files protocol)
forbid "protocol/ knows no other folder" 'config/|metrics/|proxy/' "${files[@]}"
forbid "protocol/ does no I/O and no logging" "$asio|$logs|$libpq|$yaml|$prometheus|$sockets" "${files[@]}"
mapfile -t files < <(files_but 'protocol/scram[a-z_]*\.cpp' protocol)
forbid "in protocol/ only scram.cpp may use OpenSSL" "$openssl" "${files[@]}"

mapfile -t files < <(source_files config)
forbid "config/ knows no other folder" 'protocol/|metrics/|proxy/' "${files[@]}"
forbid "config/ does no I/O but reading files" "$asio|$logs|$openssl|$libpq|$prometheus|sys/socket|sys/epoll|unistd" "${files[@]}"
mapfile -t files < <(source_files config | grep '\.hpp$')
forbid "no header of config/ shows yaml-cpp to the rest" "$yaml" "${files[@]}"

mapfile -t files < <(source_files metrics)
forbid "metrics/ knows no other folder" 'protocol/|config/|proxy/' "${files[@]}"
forbid "metrics/ does no I/O and no logging" "$asio|$logs|$openssl|$libpq|$yaml|$sockets" "${files[@]}"
mapfile -t files < <(files_but 'metrics/exporter[a-z_]*\.cpp' metrics)
forbid "in metrics/ only exporter.cpp may use prometheus-cpp" "$prometheus" "${files[@]}"

mapfile -t files < <(source_files proxy/core)
forbid "proxy/core/ decides from values only" "$asio|$logs|$openssl|$libpq|$yaml|$prometheus|$sockets" "${files[@]}"
forbid "proxy/core/ may know protocol/ only" 'config/|metrics/|proxy/(net|server|client|admin)/|proxy/[a-z_]+\.hpp' "${files[@]}"

mapfile -t files < <(source_files proxy/simulation)
forbid "proxy/simulation/ plays in virtual time" "$asio|$logs|$openssl|$libpq|$yaml|$prometheus|$sockets|thread|random_device" "${files[@]}"
forbid "proxy/simulation/ knows the cores and the plain structs of config/" \
    'protocol/|metrics/|config/[^os]|proxy/(net|server|client|admin)/|proxy/[a-z_]+\.hpp' "${files[@]}"
mapfile -t files < <(files_but 'proxy/simulation/pool_port\.[ch]pp' proxy/simulation)
forbid "in proxy/simulation/ only pool_port asks the pool's core" 'proxy/core/(pool_core|gate|breaker|dial_pacer|waiter_queue)' "${files[@]}"

# Of protocol/ it may use bytes.hpp, the common words for a piece of memory; of config/ the plain structs.
mapfile -t files < <(source_files proxy/net)
forbid "proxy/net/ moves bytes and knows nobody else" \
    "$libpq|$yaml|$prometheus|protocol/([^b]|b[^y])|config/([^ot]|t[^y])|metrics/|proxy/(core|server|client|admin)/" "${files[@]}"

mapfile -t files < <(source_files proxy/server)
forbid "arrows never turn back: proxy/server/ knows neither clients nor admin" \
    "$yaml|$prometheus|proxy/(client|admin)/" "${files[@]}"

mapfile -t files < <(source_files proxy/client)
forbid "arrows never turn back: proxy/client/ does not know admin" "$yaml|$prometheus|proxy/admin/" "${files[@]}"

mapfile -t files < <(files_but 'proxy/(server/(libpq\.[ch]pp|login[a-z_]*\.cpp)|console_(client|link)\.cpp)' protocol config metrics proxy)
forbid "only proxy/server/libpq, login*.cpp and the console's client may use libpq" "$libpq" "${files[@]}"

mapfile -t files < <(files_but 'proxy/top/(terminal|top)\.[ch]pp' proxy/top)
forbid "in proxy/top/ frames are made from values only" "$asio|$logs|$openssl|$libpq|$sockets|termios|poll\.h|iostream|proxy/[a-z_]+\.hpp" "${files[@]}"

# What needs the time is told the time.
if hits=$(source_files protocol config metrics proxy/core proxy/simulation | xargs grep -nHE '_clock::now|[^_a-z]time\(|gettimeofday|clock_gettime'); then
    echo "$hits" | sed 's|$|   <- the leaves, proxy/core/ and proxy/simulation/ read no clock|'
    found=1
fi

exit $found
