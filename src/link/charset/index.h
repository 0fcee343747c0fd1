/* The indexes of the WHATWG Encoding standard (section 5), which map pointers to code points.
 *
 * They are made from the standard's own files (index-big5.txt and so on, with the changes of GB 18030-2022).
 * The converters of iconv are not used, because even the most similar ones in glibc differ from the standard:
 * by 25 (GB18030), 142 (BIG5-HKSCS), 63 (CP932), 457 (EUC-JP) and 90 (single-byte) entries. They also change
 * with the version of glibc and are missing from small installations.
 *
 * Each row is a string of 16-bit or 32-bit code points, for one lead byte, in the order of the pointers. A
 * space, or the end of a short row, stands for a pointer without a code point; no index maps to ASCII. */
#ifndef AREQ_LINK_CHARSET_INDEX_H
#define AREQ_LINK_CHARSET_INDEX_H

#include <stdint.h>

enum {
	CHARSET_BIG5_ROWS = 126,
	CHARSET_BIG5_COLUMNS = 157,
	CHARSET_EUC_KR_ROWS = 125,
	CHARSET_EUC_KR_COLUMNS = 190,
	CHARSET_GB18030_ROWS = 126,
	CHARSET_GB18030_COLUMNS = 190,
	CHARSET_GB18030_RANGES = 207,
	CHARSET_JIS0208_ROWS = 119,
	CHARSET_JIS0208_COLUMNS = 94,
	CHARSET_JIS0212_ROWS = 77,
	CHARSET_JIS0212_COLUMNS = 94,
	CHARSET_SINGLE_COLUMNS = 128
};

/* The rows of charset_index_single. ISO-8859-8-I uses the row of ISO-8859-8. */
enum charset_single {
	CHARSET_IBM866,
	CHARSET_ISO_8859_2,
	CHARSET_ISO_8859_3,
	CHARSET_ISO_8859_4,
	CHARSET_ISO_8859_5,
	CHARSET_ISO_8859_6,
	CHARSET_ISO_8859_7,
	CHARSET_ISO_8859_8,
	CHARSET_ISO_8859_10,
	CHARSET_ISO_8859_13,
	CHARSET_ISO_8859_14,
	CHARSET_ISO_8859_15,
	CHARSET_ISO_8859_16,
	CHARSET_KOI8_R,
	CHARSET_KOI8_U,
	CHARSET_MACINTOSH,
	CHARSET_WINDOWS_874,
	CHARSET_WINDOWS_1250,
	CHARSET_WINDOWS_1251,
	CHARSET_WINDOWS_1252,
	CHARSET_WINDOWS_1253,
	CHARSET_WINDOWS_1254,
	CHARSET_WINDOWS_1255,
	CHARSET_WINDOWS_1256,
	CHARSET_WINDOWS_1257,
	CHARSET_WINDOWS_1258,
	CHARSET_X_MAC_CYRILLIC,
	CHARSET_SINGLES
};

/* An entry of "index gb18030 ranges". From this pointer to the next entry's, the code
 * points are consecutive. */
struct charset_range {
	uint_least32_t pointer;
	uint_least32_t code_point;
};

/* The last element of each row is the NUL of the string. */
extern const uint_least32_t charset_index_big5[CHARSET_BIG5_ROWS][CHARSET_BIG5_COLUMNS + 1];
extern const uint_least16_t charset_index_euc_kr[CHARSET_EUC_KR_ROWS][CHARSET_EUC_KR_COLUMNS + 1];
extern const uint_least16_t charset_index_gb18030[CHARSET_GB18030_ROWS][CHARSET_GB18030_COLUMNS + 1];
extern const uint_least16_t charset_index_jis0208[CHARSET_JIS0208_ROWS][CHARSET_JIS0208_COLUMNS + 1];
extern const uint_least16_t charset_index_jis0212[CHARSET_JIS0212_ROWS][CHARSET_JIS0212_COLUMNS + 1];
extern const uint_least16_t charset_index_single[CHARSET_SINGLES][CHARSET_SINGLE_COLUMNS + 1];
extern const struct charset_range charset_index_gb18030_ranges[CHARSET_GB18030_RANGES];

#endif
