#include <criterion/criterion.h>
#include <string.h>

#include "sync/uuid.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const uint8_t ZEROS[10] = { 0 };
static const uint8_t ONES[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static const char *format(struct uuid u)
{
	static char text[UUID_TEXT_LEN + 1];

	uuid_format(u, text);
	return text;
}

static struct uuid parse(const char *text)
{
	struct uuid u = { { 0 } };

	cr_assert_eq(uuid_parse(bytes_of(text), &u), RC_OK, "%s", text);
	return u;
}

Test(uuid, make_puts_time_version_variant_and_chance_in_place)
{
	static const uint8_t chance[10] = { 0x1c, 0xc3, 0x18, 0xc4, 0xdc,
					    0x0c, 0x0c, 0x07, 0x39, 0x8f };

	/* The example of RFC 9562, appendix A.6. */
	cr_expect_str_eq(format(uuid_make(UINT64_C(0x017f22e279b0), chance)),
			 "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
	cr_expect_str_eq(format(uuid_make(0, ZEROS)), "00000000-0000-7000-8000-000000000000");
	cr_expect_str_eq(format(uuid_make(UINT64_C(0xffffffffffff), ONES)),
			 "ffffffff-ffff-7fff-bfff-ffffffffffff");
	cr_expect_eq(uuid_time_ms(uuid_make(UINT64_C(1481241600123), ONES)),
		     UINT64_C(1481241600123));
	cr_expect_eq(uuid_time_ms(uuid_make(UINT64_MAX, ZEROS)), UINT64_C(0xffffffffffff),
		     "48 bits are kept");
}

Test(uuid, step_counts_the_random_bits_up)
{
	static const struct {
		const char *from;
		uint32_t step;
		const char *to, *why;
	} rows[] = {
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 0, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
		  "nothing" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 1, "017f22e2-79b0-7cc3-98c4-dc0c0c073990",
		  "one" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07ffff", 1, "017f22e2-79b0-7cc3-98c4-dc0c0c080000",
		  "a carry" },
		{ "017f22e2-79b0-7cc3-bfff-ffffffffffff", 1, "017f22e2-79b0-7cc4-8000-000000000000",
		  "a carry over the variant" },
		{ "017f22e2-79b0-70ff-bfff-ffffffffffff", 1, "017f22e2-79b0-7100-8000-000000000000",
		  "a carry between the upper bytes" },
		{ "017f22e2-79b0-7fff-bfff-ffffffffffff", 2, "017f22e2-79b0-7000-8000-000000000001",
		  "round the end, version and time untouched" },
		{ "017f22e2-79b0-7000-8000-000000000000", UINT32_MAX,
		  "017f22e2-79b0-7000-8000-0000ffffffff", "the largest step" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		cr_expect_str_eq(format(uuid_step(parse(rows[i].from), rows[i].step)), rows[i].to,
				 "%s", rows[i].why);
	}
}

Test(uuid, steps_of_one_id_sort_in_their_order)
{
	struct uuid base = uuid_make(1, ZEROS);
	uint32_t i;

	for (i = 1; i < 1000; i++) {
		cr_assert(uuid_compare(uuid_step(base, i - 1), uuid_step(base, i)) < 0);
		cr_assert(uuid_equal(uuid_step(uuid_step(base, i - 1), 1), uuid_step(base, i)));
	}
	cr_expect_not(uuid_equal(base, uuid_step(base, 1)));
}

Test(uuid, parse_takes_the_one_text_form)
{
	static const struct {
		const char *text;
		bool valid;
		const char *why;
	} rows[] = {
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true, "as written" },
		{ "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", true, "upper case" },
		{ "", false, "nothing" },
		{ "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", false, "version 4" },
		{ "017f22e2-79b0-7cc3-18c4-dc0c0c07398f", false, "variant of NCS" },
		{ "017f22e2-79b0-7cc3-d8c4-dc0c0c07398f", false, "variant of Microsoft" },
		{ "00000000-0000-0000-0000-000000000000", false, "nil" },
		{ "017f22e279b07cc398c4dc0c0c07398f", false, "no hyphens" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398", false, "too short" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", false, "too long" },
		{ "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f", false, "a brace" },
		{ "017f22e27-9b0-7cc3-98c4-dc0c0c07398f", false, "a hyphen at another place" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", false, "g is no digit" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c0739 f", false, "a space" },
		{ "017f22e2-79b0-7cc3-98c4-dc0c0c0739-f", false, "one hyphen more" },
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		struct uuid u = { { 0 } };

		cr_expect_eq(uuid_parse(bytes_of(rows[i].text), &u),
			     rows[i].valid ? RC_OK : RC_INVALID, "%s", rows[i].why);
		cr_expect_eq(u.b[6] != 0, rows[i].valid, "out is left alone: %s", rows[i].why);
		if (rows[i].valid) {
			cr_expect_str_eq(format(u), rows[0].text);
		}
	}
}

Test(uuid, valid_bytes_are_16_of_version_7)
{
	struct uuid u = uuid_make(5, ONES);

	cr_expect(uuid_is_valid(bytes_at(u.b, UUID_LEN)));
	cr_expect_not(uuid_is_valid(bytes_at(u.b, UUID_LEN - 1)));
	cr_expect_not(uuid_is_valid(bytes_at(NULL, 0)));
	u.b[6] = 0x80;
	cr_expect_not(uuid_is_valid(bytes_at(u.b, UUID_LEN)), "version 8");
	u = uuid_make(5, ONES);
	u.b[8] = 0xc0;
	cr_expect_not(uuid_is_valid(bytes_at(u.b, UUID_LEN)), "another variant");
}
