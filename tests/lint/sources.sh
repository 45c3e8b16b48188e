# Sourced by the lint tests: goes to the top of the tree and says which files there are.
# A lint that would look at nothing ends with an error, for it would always pass.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# source_files FOLDER... : the C++ files in these folders.
source_files() {
    find "$@" -type f \( -name '*.cpp' -o -name '*.hpp' \) | sort
}

# require_files NAME FILE... : ends the lint when there are none.
require_files() {
    if [ $# -lt 2 ]; then
        echo "lint $1: found no files to look at" >&2
        exit 1
    fi
}
