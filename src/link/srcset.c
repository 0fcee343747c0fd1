#include "link/srcset.h"

#include "base/ascii.h"

/* What the descriptors of a candidate have said so far. */
struct descriptors {
	bool has_width, has_density, has_height;
	bool is_wrong;
};

static size_t count_digits(struct slice text)
{
	size_t count = 0;
	while (count < text.len && ascii_is_digit(text.data[count]))
		count++;
	return count;
}

static bool is_zero(struct slice digits)
{
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] != '0')
			return false;
	}
	return true;
}

/* "Valid floating-point number". */
static bool is_float(struct slice text)
{
	if (text.len > 0 && *text.data == '-')
		slice_skip(&text, 1);
	size_t digits = count_digits(text);
	slice_skip(&text, digits);
	if (text.len > 0 && *text.data == '.') {
		slice_skip(&text, 1);
		digits = count_digits(text);
		slice_skip(&text, digits);
	}
	if (digits == 0)
		return false;
	if (text.len > 0 && ascii_lower(*text.data) == 'e') {
		slice_skip(&text, 1);
		if (text.len > 0 && (*text.data == '-' || *text.data == '+'))
			slice_skip(&text, 1);
		digits = count_digits(text);
		slice_skip(&text, digits);
	}
	return text.len == 0 && digits > 0;
}

/* True if the number, which is valid, is less than 0, and not -0. */
static bool is_negative(struct slice number)
{
	for (size_t i = 1; *number.data == '-' && i < number.len && ascii_lower(number.data[i]) != 'e'; i++) {
		if (number.data[i] >= '1' && number.data[i] <= '9')
			return true;
	}
	return false;
}

static void read_descriptor(struct descriptors *self, struct slice text)
{
	struct slice number = {text.data, text.len - 1};
	bool is_integer = number.len > 0 && count_digits(number) == number.len;
	switch (text.data[number.len]) {
	case 'w':
		self->is_wrong |= !is_integer || is_zero(number) || self->has_width || self->has_density;
		self->has_width = true;
		break;
	case 'x':
		self->is_wrong |= !is_float(number) || is_negative(number) || self->has_width ||
		                  self->has_density || self->has_height;
		self->has_density = true;
		break;
	case 'h':
		self->is_wrong |= !is_integer || is_zero(number) || self->has_height || self->has_density;
		self->has_height = true;
		break;
	default:
		self->is_wrong = true;
	}
}

/* Reads up to the comma behind the descriptors, or to the end. In parentheses, neither white space nor a
 * comma ends a descriptor. */
static struct descriptors read_descriptors(struct slice *rest)
{
	struct descriptors found = {0};
	bool is_last = false;
	while (!is_last) {
		bool is_in_parens = false;
		size_t len = 0;
		ascii_skip_spaces(rest);
		for (; len < rest->len; len++) {
			char c = rest->data[len];
			if (!is_in_parens && (c == ',' || ascii_is_space(c)))
				break;
			is_in_parens = is_in_parens ? c != ')' : c == '(';
		}
		if (len > 0)
			read_descriptor(&found, (struct slice){rest->data, len});
		is_last = len == rest->len || rest->data[len] == ',';
		slice_skip(rest, len + (len < rest->len));
	}
	found.is_wrong |= found.has_height && !found.has_width;
	return found;
}

bool srcset_next(struct slice *rest, struct slice *url)
{
	while (true) {
		while (rest->len > 0 && (ascii_is_space(*rest->data) || *rest->data == ','))
			slice_skip(rest, 1);
		if (rest->len == 0)
			return false;
		*url = (struct slice){rest->data, 0};
		while (url->len < rest->len && !ascii_is_space(rest->data[url->len]))
			url->len++;
		slice_skip(rest, url->len);
		if (url->data[url->len - 1] == ',') {
			while (url->data[url->len - 1] == ',')
				url->len--;
			return true;
		}
		if (!read_descriptors(rest).is_wrong)
			return true;
	}
}
