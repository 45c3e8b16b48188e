// The status page: page/status.html with its style and its script in it, put together by the build.
#pragma once

namespace pgweir::proxy {

// HTML that asks for nothing but /status.json. Lifetime: static.
const char* status_page();

}  // namespace pgweir::proxy
