/* The decrees, as data. */
#include "tests/demo/decrees.h"

#include <stddef.h>

#define HTTPS "https://"
#define GAZETTE                                                                                    \
	HTTPS "turkmenistannewsgazette.com/"                                                       \
	      "in-the-course-of-8-years-turkmenistan-"                                             \
	      "grants-citizenship-to-about-9-thousand-people/"
#define DIPLOMAT HTTPS "internationaldiplomat.com/archives/2373"
#define UNHCR_2020                                                                                 \
	HTTPS "webarchive.archive.unhcr.org/20210124221828mp_/"                                    \
	      "https://www.unhcr.org/en-my/news/press/2020/12/5fe1c68c4/"                          \
	      "unhcr-welcomes-turkmenistans-decision-grant-citizenship-"                           \
	      "2580-stateless.html"
#define CENTRAL_ASIA "http://www.newscentralasia.net/"
#define TMCARS       HTTPS "tmcars.info/news/show/2458760256?lang=ru"
#define GAZETTE_2019                                                                               \
	HTTPS "turkmenistannewsgazette.com/"                                                       \
	      "863-people-taken-into-citizenship-of-turkmenistan/"
#define UNHCR_2005                                                                                 \
	HTTPS "www.unhcr.org/au/news/"                                                             \
	      "over-10-000-tajik-refugees-become-citizens-turkmenistan"
#define ASIAN    HTTPS "asiandiplomacy.com/turkmenistan-moves-forward-with-eliminating-statelessness/"
#define ATAVATAN HTTPS "atavatan-turkmenistan.com/tr/turkmenistan-142-yabanciya-oturma-izni-verecek"
#define NCA_2017                                                                                   \
	CENTRAL_ASIA "2017/02/20/turkmenistan-grants-citizenship-to-1381-stateless-persons/"
#define NCA_2022                                                                                   \
	CENTRAL_ASIA "2022/09/24/the-ceremony-of-handing-over-passports-of-"                       \
		     "turkmenistan-to-stateless-persons-took-place-in-ashgabat/"
#define NCA_2024                                                                                   \
	HTTPS "www.newscentralasia.net/2024/09/23/turkmenistan-grants-"                            \
	      "citizenship-to-stateless-persons-and-residence-permits-to-foreigners/"

/* 2011 is derived: 8,145 of 2011 to 2017 less the dated grants. So is the
 * permits' 2005: 16,298 in all less 13,245. */
const struct decree decrees[] = {
	{ "C2005", "2005-08-04", NULL, 2005, 8, 4, 13245, 9500, -1, -1, UNHCR_2005 },
	{ "C2011", "2011", NULL, 2011, 12, 31, 3318, 0, -1, -1, GAZETTE },
	{ "C2013", "2013-10-25", NULL, 2013, 10, 25, 609, 0, -1, -1,
	  HTTPS "www.turkmenistan.ru/en/articles/17447.html" },
	{ "C2014", "2014", NULL, 2014, 12, 31, 786, 0, -1, -1, DIPLOMAT },
	{ "C2015", "2015", NULL, 2015, 12, 31, 361, 0, -1, -1, DIPLOMAT },
	{ "C2016", "2016-12-09", "2017-02-20", 2016, 12, 9, 1381, 0, -1, -1, NCA_2017 },
	{ "C2017", "2017", NULL, 2017, 12, 31, 1690, 0, -1, -1, DIPLOMAT },
	{ "C2018", "2018-09", NULL, 2018, 9, 30, 735, 0, -1, -1, GAZETTE },
	{ "C2019", "2019-09", "2019-09-27", 2019, 9, 30, 863, 0, -1, -1, GAZETTE_2019 },
	{ "C2020", "2020-12", NULL, 2020, 12, 31, 2580, 0, 1548, -1, UNHCR_2020 },
	{ "C2021", "2021-09", "2021-09-24", 2021, 9, 30, 2657, 0, 1463, 512, TMCARS },
	{ "C2022", "2022-09-23", "2022-09-24", 2022, 9, 23, 1530, 0, -1, -1, NCA_2022 },
	{ "C2023", "2023-09-22", NULL, 2023, 9, 22, 1301, 0, -1, -1, ASIAN },
	{ "C2024", "2024-09-20", "2024-09-25", 2024, 9, 20, 1146, 0, -1, -1, NCA_2024 },
	{ "R2005", "2005-08-04", NULL, 2005, 8, 4, 3053, 1800, -1, -1,
	  HTTPS "www.rferl.org/a/1060452.html" },
	{ "R2021", "2021-09-18", "2021-09-24", 2021, 9, 18, 406, 0, 326, -1, TMCARS },
	{ "R2022", "2022-09-23", "2022-09-24", 2022, 9, 23, 315, 0, -1, -1, NCA_2022 },
	{ "R2023", "2023-09-22", NULL, 2023, 9, 22, 265, 0, -1, -1, ASIAN },
	{ "R2024", "2024-09-20", "2024-09-25", 2024, 9, 20, 134, 0, -1, -1, NCA_2024 },
	{ "R2025", "2025-09-25", NULL, 2025, 9, 25, 142, 0, -1, -1, ATAVATAN },
};

const uint32_t decrees_count = sizeof(decrees) / sizeof(decrees[0]);
