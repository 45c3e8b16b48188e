// The names of PostgreSQL's encodings, its aliases included. Manual: "Character Set
// Support"; names are compared without case and punctuation.
#include "proxy/client/startup_settings.hpp"

#include <array>
#include <utility>

namespace pgweir::proxy {

namespace {

using Alias = std::pair<std::string_view, std::string_view>;

// PostgreSQL: NAMEDATALEN; longer names are refused unread.
constexpr std::size_t max_encoding_name = 63;

constexpr std::array aliases{
    Alias{"utf8", "UTF8"},
    Alias{"unicode", "UTF8"},
    Alias{"sqlascii", "SQL_ASCII"},
    Alias{"latin1", "LATIN1"},
    Alias{"iso88591", "LATIN1"},
    Alias{"latin2", "LATIN2"},
    Alias{"iso88592", "LATIN2"},
    Alias{"latin3", "LATIN3"},
    Alias{"iso88593", "LATIN3"},
    Alias{"latin4", "LATIN4"},
    Alias{"iso88594", "LATIN4"},
    Alias{"latin5", "LATIN5"},
    Alias{"iso88599", "LATIN5"},
    Alias{"latin6", "LATIN6"},
    Alias{"iso885910", "LATIN6"},
    Alias{"latin7", "LATIN7"},
    Alias{"iso885913", "LATIN7"},
    Alias{"latin8", "LATIN8"},
    Alias{"iso885914", "LATIN8"},
    Alias{"latin9", "LATIN9"},
    Alias{"iso885915", "LATIN9"},
    Alias{"latin10", "LATIN10"},
    Alias{"iso885916", "LATIN10"},
    Alias{"iso88595", "ISO_8859_5"},
    Alias{"iso88596", "ISO_8859_6"},
    Alias{"iso88597", "ISO_8859_7"},
    Alias{"iso88598", "ISO_8859_8"},
    Alias{"win1250", "WIN1250"},
    Alias{"windows1250", "WIN1250"},
    Alias{"win1251", "WIN1251"},
    Alias{"windows1251", "WIN1251"},
    Alias{"win", "WIN1251"},
    Alias{"win1252", "WIN1252"},
    Alias{"windows1252", "WIN1252"},
    Alias{"win1253", "WIN1253"},
    Alias{"windows1253", "WIN1253"},
    Alias{"win1254", "WIN1254"},
    Alias{"windows1254", "WIN1254"},
    Alias{"win1255", "WIN1255"},
    Alias{"windows1255", "WIN1255"},
    Alias{"win1256", "WIN1256"},
    Alias{"windows1256", "WIN1256"},
    Alias{"win1257", "WIN1257"},
    Alias{"windows1257", "WIN1257"},
    Alias{"win1258", "WIN1258"},
    Alias{"windows1258", "WIN1258"},
    Alias{"abc", "WIN1258"},
    Alias{"tcvn", "WIN1258"},
    Alias{"tcvn5712", "WIN1258"},
    Alias{"vscii", "WIN1258"},
    Alias{"win866", "WIN866"},
    Alias{"windows866", "WIN866"},
    Alias{"alt", "WIN866"},
    Alias{"win874", "WIN874"},
    Alias{"windows874", "WIN874"},
    Alias{"koi8r", "KOI8R"},
    Alias{"koi8", "KOI8R"},
    Alias{"koi8u", "KOI8U"},
    Alias{"eucjp", "EUC_JP"},
    Alias{"euccn", "EUC_CN"},
    Alias{"euckr", "EUC_KR"},
    Alias{"euctw", "EUC_TW"},
    Alias{"eucjis2004", "EUC_JIS_2004"},
    Alias{"shiftjis2004", "SHIFT_JIS_2004"},
    Alias{"sjis", "SJIS"},
    Alias{"shiftjis", "SJIS"},
    Alias{"mskanji", "SJIS"},
    Alias{"win932", "SJIS"},
    Alias{"windows932", "SJIS"},
    Alias{"big5", "BIG5"},
    Alias{"win950", "BIG5"},
    Alias{"windows950", "BIG5"},
    Alias{"gbk", "GBK"},
    Alias{"win936", "GBK"},
    Alias{"windows936", "GBK"},
    Alias{"uhc", "UHC"},
    Alias{"win949", "UHC"},
    Alias{"windows949", "UHC"},
    Alias{"gb18030", "GB18030"},
    Alias{"johab", "JOHAB"},
    Alias{"muleinternal", "MULE_INTERNAL"},
};

// Letters in lower case and digits; the rest, quotes included, is left out.
std::string bare_name(std::string_view name) {
    std::string bare;
    for (const char letter : name) {
        if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'))
            bare.push_back(letter);
        else if (letter >= 'A' && letter <= 'Z')
            bare.push_back(static_cast<char>(letter - 'A' + 'a'));
    }
    return bare;
}

}  // namespace

std::string_view canonical_encoding(std::string_view name) {
    if (name.size() > max_encoding_name) return {};
    const std::string bare = bare_name(name);
    for (const auto& [alias, canonical] : aliases) {
        if (alias == bare) return canonical;
    }
    return {};
}

}  // namespace pgweir::proxy
