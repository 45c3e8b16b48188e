// DSNs as they are pasted: what each becomes, or what is to be changed.
#include "config/dsn.hpp"

#include <catch2/catch.hpp>

using pgweir::config::normalise_dsn;
using pgweir::config::NormalisedDsn;

namespace {

struct Accepted {
    std::string written;
    std::string becomes;
};

struct Refused {
    std::string written;
    std::string problem;
};

void check(const Accepted& dsn) {
    INFO(dsn.written);
    const NormalisedDsn out = normalise_dsn(dsn.written);
    CHECK(out.problem.value_or("") == "");
    CHECK(out.dsn.reveal() == dsn.becomes);
}

void check(const Refused& dsn) {
    INFO(dsn.written);
    const NormalisedDsn out = normalise_dsn(dsn.written);
    CHECK(out.problem.value_or("accepted") == dsn.problem);
    CHECK(out.dsn.empty());
}

const std::string verified = " sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt";
const std::string encode =
    "percent-encode the special characters of the password (@ as %40, / as %2F, ? as %3F, # as %23, % as %25)";
const std::string unreadable =
    "is not a URI that can be read: write postgresql://user:password@host:port/database, with the special "
    "characters of the password percent-encoded (@ as %40, / as %2F, ? as %3F, # as %23, % as %25)";
const std::string mixed = "mixes percent-encoded characters with plain ones: write every % that is meant as such as "
                          "%25, @ as %40 and / as %2F";

}  // namespace

TEST_CASE("dsn: every spelling of the scheme is PostgreSQL's", "[config]") {
    const std::string becomes = "host=127.0.0.1 port=5433 dbname=app user=u password=p sslmode=disable";
    const auto scheme = GENERATE(values<std::string>(
        {"postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg", "postgresql+psycopg2", "postgres+pg8000",
         "PostgreSQL", "jdbc:postgresql", "r2dbc:postgresql", "postgis", "ecto", "psql", "pgsql"}));
    check(Accepted{scheme + "://u:p@127.0.0.1:5433/app", becomes});
    check(Accepted{"  " + scheme + "://u:p@127.0.0.1:5433/app\n", becomes});
}

TEST_CASE("dsn: parts of a URI may be missing or several", "[config]") {
    check(GENERATE(values<Accepted>({
        {"postgresql://127.0.0.1", "host=127.0.0.1 sslmode=disable"},
        {"postgresql://u@127.0.0.1/", "host=127.0.0.1 user=u sslmode=disable"},
        {"postgresql://u:@127.0.0.1/d", "host=127.0.0.1 dbname=d user=u sslmode=disable"},
        {"postgresql://[::1]:5432/d", "host=::1 port=5432 dbname=d sslmode=disable"},
        {"postgresql://%2Fvar%2Frun/d", "host=/var/run dbname=d sslmode=disable"},
        {"postgresql:///d?host=/tmp&port=5433", "host=/tmp port=5433 dbname=d sslmode=disable"},
        {"postgresql://u:p@localhost/d?host=/cloudsql/p:r:i",
         "host=/cloudsql/p:r:i dbname=d user=u password=p sslmode=disable"},
        {"postgresql://u@127.0.0.1:1,127.0.0.2/d", "host=127.0.0.1,127.0.0.2 port=1, dbname=d user=u sslmode=disable"},
        {"postgresql://user@azure:p@127.0.0.1/d", "host=127.0.0.1 dbname=d user=user@azure password=p sslmode=disable"},
        {"postgresql://u%40x:p@127.0.0.1/my%20db", "host=127.0.0.1 dbname='my db' user=u@x password=p sslmode=disable"},
    })));
}

TEST_CASE("dsn: a password with special characters is repaired when one reading is possible", "[config]") {
    const auto dsn = GENERATE(values<Accepted>({
        {"p%40ss", "p@ss"},      {"p@ss", "p@ss"},   {"p@@ss@", "p@@ss@"}, {"p/ss", "p/ss"},   {"p#ss", "p#ss"},
        {"p?ss", "p?ss"},        {"p:ss", "p:ss"},   {"p%ss", "p%ss"},     {"p%", "p%"},       {"p%4", "p%4"},
        {"p&s=s", "p&s=s"},      {"p+s", "p+s"},     {"p$s", "p$s"},       {"p!*()", "p!*()"}, {"p;s,s", "p;s,s"},
        {"p%27%5C", "'p\\'\\\\'"}, {"p\\s", "'p\\\\s'"}, {"p s", "'p s'"},   {"[p", "[p"},       {"p#%40", "p#@"},
        {"://x@y", "://x@y"},
    }));
    check(Accepted{"postgresql://u:" + dsn.written + "@127.0.0.1:5432/d",
                   "host=127.0.0.1 port=5432 dbname=d user=u password=" + dsn.becomes + " sslmode=disable"});
}

TEST_CASE("dsn: a password that can be meant in two ways is refused", "[config]") {
    check(GENERATE(values<Refused>({
        {"postgresql://u:p@x/y@h.example", "can be read in two ways: " + encode},
        {"postgresql://u:1234/x@h", "can be read in two ways: " + encode},
        {"postgresql://u:" + std::string(40, '@') + "h/d", "can be read in two ways: " + encode},
        {"postgresql://u:p%ss%41@h/d", mixed},
        {"postgresql://u:p@ss%21@h/d", mixed},
        {"postgresql://u:a%00@h/d", mixed},
        {"postgresql://u:[secret]@h/d", "has brackets around the password: remove them, or write them as %5B and %5D "
                                        "when they belong to it"},
        {"postgresql://u:[YOUR-PASSWORD]@h/d", "still has the placeholder [YOUR-PASSWORD] where the password belongs"},
    })));
}

TEST_CASE("dsn: an @ in a parameter leaves a URI that is right by the standard alone", "[config]") {
    check(Accepted{"postgresql://u:p@127.0.0.1/d?application_name=a@b",
                   "host=127.0.0.1 dbname=d user=u password=p application_name=a@b sslmode=disable"});
    check(Accepted{"postgresql://127.0.0.1/d?user=u&password=p@h",
                   "host=127.0.0.1 dbname=d user=u password=p@h sslmode=disable"});
}

TEST_CASE("dsn: what is no DSN of PostgreSQL is refused with what to write", "[config]") {
    check(GENERATE(values<Refused>({
        {"", "is empty"},
        {"  \n", "is empty"},
        {std::string("host=a\0b", 8), "has a NUL character in it"},
        {std::string(9000, 'x'), "is longer than 8192 bytes"},
        {"mysql://u:p@h/d",
         "does not begin with a scheme of PostgreSQL: write postgresql://user:password@host:port/database"},
        {"u:p@h/d", "is neither a URI (postgresql://user:password@host:port/database) nor key=value pairs"},
        {"\"postgresql://u:p@h/d\"", "begins with a quote: remove the quotes around it"},
        {"psql -h h -U u", "is a psql command: write only its postgresql://user:password@host:port/database"},
        {"Host=h;Username=u;Password=p", "looks like an ADO.NET or ODBC string: write host=... port=... dbname=... "
                                         "user=... password=... with blanks between"},
        {"postgresql://u:p", unreadable},
        {"postgresql://u:p@h:0/d", unreadable},
        {"postgresql://u:p@h:70000/d", unreadable},
        {"postgresql://u:p@[::1/d", unreadable},
        {"postgresql://u:p@h o/d", unreadable},
        {"postgresql://u:p@h/d?sslmode", unreadable},
    })));
}

TEST_CASE("dsn: parameters that only steer a client's pool or driver are dropped", "[config]") {
    const auto parameters =
        GENERATE(values<std::string>({"pgbouncer=true&connection_limit=1&pool_timeout=10", "schema=public",
                                      "statement_cache_size=0&prepared_statements=false", "supa=base-pooler.x",
                                      "prepareThreshold=0&reWriteBatchedInserts=true", "serverVersion=15&charset=utf8",
                                      "pool_mode=transaction", "currentSchema=public", "&&", "uselibpqcompat=true"}));
    check(Accepted{"postgresql://u@127.0.0.1/d?" + parameters, "host=127.0.0.1 dbname=d user=u sslmode=disable"});
}

TEST_CASE("dsn: parameters of frameworks become libpq's where there is one", "[config]") {
    check(GENERATE(values<Accepted>({
        {"jdbc:postgresql://h/d?user=u&password=a+b%2B&sslmode=require",
         "host=h dbname=d user=u password='a b+' sslmode=require"},
        {"jdbc:postgresql://h/d?ssl=true&ApplicationName=x&loginTimeout=5&tcpKeepAlive=true",
         "host=h dbname=d application_name=x connect_timeout=5 keepalives=1 sslmode=require"},
        {"postgresql://h/d?ssl=require", "host=h dbname=d sslmode=require"},
        {"postgresql://h/d?ssl=false", "host=h dbname=d sslmode=disable"},
        {"postgresql://h/d?sslmode=no-verify", "host=h dbname=d sslmode=require"},
        {"postgresql://h/d?ssl=true&sslmode=disable", "host=h dbname=d sslmode=disable"},
        {"postgresql://h/d?sslaccept=accept_invalid_certs", "host=h dbname=d sslmode=require"},
        {"postgresql://h/d?sslaccept=strict&sslmode=require&sslrootcert=/c.pem",
         "host=h dbname=d sslmode=verify-full sslrootcert=/c.pem"},
    })));
}

TEST_CASE("dsn: parameters that mean something else are refused with what to write instead", "[config]") {
    check(GENERATE(values<Refused>({
        {"postgresql://h/d?schema=app",
         "schema does not belong into the dsn: remove it and set search_path under server_settings"},
        {"postgresql://h/d?statement_timeout=5",
         "statement_timeout does not belong into the dsn: remove it and set statement_timeout under server_settings"},
        {"postgresql://h/d?sslmod=require",
         "the parameter sslmod is not one that libpq knows: remove it (did you mean sslmode?)"},
        {"postgresql://h/d?frobnicate=1", "the parameter frobnicate is not one that libpq knows: remove it"},
        {"postgresql://h/d?password=a&b=c", "parameter 2 is not one that libpq knows: remove it, or encode or quote "
                                            "the special characters of the value before it"},
        {"postgresql://h/d?user=a&user=b", "gives user twice"},
        {"postgresql://h/d?replication=database",
         "asks for a replication connection, which cannot be pooled: remove replication"},
        {"postgresql://h/d?sslaccept=maybe",
         "sslaccept is strict or accept_invalid_certs: write sslmode=verify-full or require instead"},
    })));
}

TEST_CASE("dsn: key=value strings are read as libpq reads them", "[config]") {
    check(GENERATE(values<Accepted>({
        {"host=/tmp dbname=d", "host=/tmp dbname=d sslmode=disable"},
        {" user = u  host = localhost\tport=5433 ", "host=localhost port=5433 user=u sslmode=disable"},
        {"host=/tmp password='a \\'b\\' \\\\'", "host=/tmp password='a \\'b\\' \\\\' sslmode=disable"},
        {"host=/tmp password=postgresql://x", "host=/tmp password=postgresql://x sslmode=disable"},
        {"host=/tmp password='' user=u", "host=/tmp user=u sslmode=disable"},
        {"host=h pgbouncer=true", "host=h" + verified},
    })));
}

TEST_CASE("dsn: a key=value string that lacks quotes is refused", "[config]") {
    check(GENERATE(values<Refused>({
        {"host=h password=two words", "has no = after word 3: a value with blanks needs single quotes, as in "
                                      "password='two words'"},
        {"host=h password='open", "has a single quote that is never closed; inside quotes write \\' for a quote"},
        {"host=h pass=x", "parameter 2 is not one that libpq knows: remove it, or encode or quote the special "
                          "characters of the value before it"},
    })));
}

TEST_CASE("dsn: without sslmode the server is verified, unless it is on this machine", "[config]") {
    check(GENERATE(values<Accepted>({
        {"postgresql://u@db.example.com/d", "host=db.example.com dbname=d user=u" + verified},
        {"postgresql://u@localhost,db.example.com/d", "host=localhost,db.example.com dbname=d user=u" + verified},
        {"host=db.example.com hostaddr=127.0.0.1", "host=db.example.com hostaddr=127.0.0.1 sslmode=disable"},
        {"host=localhost hostaddr=10.0.0.1", "host=localhost hostaddr=10.0.0.1" + verified},
        {"host=@abstract", "host=@abstract sslmode=disable"},
        {"dbname=d", "dbname=d" + verified},   // PGHOST may name any host; on a unix socket libpq ignores it
        {"postgresql://h/d?sslrootcert=/c.pem", "host=h dbname=d sslrootcert=/c.pem sslmode=verify-full"},
        {"postgresql://h/d?sslmode=verify-ca",
         "host=h dbname=d sslmode=verify-ca sslrootcert=/etc/ssl/certs/ca-certificates.crt"},
        {"postgresql://h/d?sslmode=require", "host=h dbname=d sslmode=require"},
        {"postgresql://h/d?sslmode=disable", "host=h dbname=d sslmode=disable"},
        {"service=s sslmode=verify-full", "service=s sslmode=verify-full"},
    })));
}

TEST_CASE("dsn: an sslmode that dials twice or is none is refused", "[config]") {
    check(GENERATE(values<Refused>({
        {"postgresql://h/d?sslmode=prefer", "sslmode=prefer dials a second time after a refusal, which counts against "
                                            "the server's limit: write sslmode=verify-full, require or disable"},
        {"host=127.0.0.1 sslmode=allow", "sslmode=allow dials a second time after a refusal, which counts against "
                                         "the server's limit: write sslmode=verify-full, require or disable"},
        {"host=h sslmode=always", "has an unknown sslmode: write verify-full, verify-ca, require or disable"},
        {"service=s", "with service also write sslmode: verify-full, verify-ca, require or disable"},
    })));
}
