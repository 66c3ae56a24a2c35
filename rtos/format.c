// SPDX-License-Identifier: MIT
#include "format.h"

struct out {
	char *next, *end;
};

struct spec {
	bool left, zero;
	int width;
	int precision;		/* -1: none */
	int longs;
};

static void put(struct out *o, char c)
{
	if (o->next < o->end)
		*o->next++ = c;
}

static void fill(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *spec, const char *s, int length)
{
	int pad = spec->width - length;

	if (!spec->left)
		fill(o, ' ', pad);
	for (int i = 0; i < length; i++)
		put(o, s[i]);
	if (spec->left)
		fill(o, ' ', pad);
}

static void put_number(struct out *o, struct spec *spec, u64 v, bool negative, unsigned int base,
		       const char *prefix, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[64];
	int n = 0, sign = negative;

	do
		digits[n++] = set[v % base];
	while (v /= base);
	while (prefix[sign - negative])
		sign++;

	int pad = spec->width - n - sign;

	if (!spec->left && !spec->zero)
		fill(o, ' ', pad);
	if (negative)
		put(o, '-');
	for (int i = 0; prefix[i]; i++)
		put(o, prefix[i]);
	if (spec->zero && !spec->left)
		fill(o, '0', pad);
	while (n)
		put(o, digits[--n]);
	if (spec->left)
		fill(o, ' ', pad);
}

static int parse_int(const char **fmt)
{
	int v = 0;

	while (**fmt >= '0' && **fmt <= '9')
		v = v * 10 + *(*fmt)++ - '0';
	return v;
}

static const char *parse_spec(struct spec *spec, const char *fmt)
{
	*spec = (struct spec){ .precision = -1 };
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else
			break;
	}
	spec->width = parse_int(&fmt);
	if (*fmt == '.') {
		fmt++;
		spec->precision = parse_int(&fmt);
	}
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->longs++;
	return fmt;
}

static int text_length(const char *s, int limit)
{
	int n = 0;

	while ((limit < 0 || n < limit) && s[n])
		n++;
	return n;
}

size_t format_text(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { buf, buf + size - 1 };

	for (; *fmt; fmt++) {
		const char *start = fmt, *s;
		struct spec spec;
		s64 v;
		char c;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse_spec(&spec, fmt + 1);
		switch (*fmt) {
		case 'd':
		case 'i':
			v = spec.longs ? va_arg(args, long) : va_arg(args, int);
			put_number(&o, &spec, v < 0 ? -(u64)v : (u64)v, v < 0, 10, "", false);
			break;
		case 'u':
		case 'x':
		case 'X':
			put_number(&o, &spec,
				   spec.longs ? va_arg(args, unsigned long) :
						va_arg(args, unsigned int),
				   false, *fmt == 'u' ? 10 : 16, "", *fmt == 'X');
			break;
		case 'p':
			put_number(&o, &spec, (u64)va_arg(args, void *), false, 16, "0x", false);
			break;
		case 's':
			s = va_arg(args, const char *);
			if (!s)
				s = "(null)";
			put_text(&o, &spec, s, text_length(s, spec.precision));
			break;
		case 'c':
			c = va_arg(args, int);
			put_text(&o, &spec, &c, 1);
			break;
		case '%':
			put(&o, '%');
			break;
		default:
			put(&o, '%');
			fmt = start;
		}
	}
	*o.next = '\0';
	return o.next - buf;
}
