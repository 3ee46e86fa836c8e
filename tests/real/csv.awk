# Reading of CSV (RFC 4180, no line breaks in a cell) for POSIX awk.

# Splits a line into f[1..] and returns how many cells there are. The names
# after the double space are local.
function csv_split(line, f,  parts, count, n, i)
{
	sub(/\r$/, "", line)
	if (index(line, "\"") == 0) {
		return split(line, f, ",")
	}
	# Between the quotes lie, by turns, plain text and quoted text; an empty
	# plain part inside the line was a doubled quote.
	count = split(line, parts, "\"")
	f[n = 1] = ""
	for (i = 1; i <= count; i++) {
		if (i % 2 == 0) {
			f[n] = f[n] parts[i]
		} else if (parts[i] == "" && i > 1 && i < count) {
			f[n] = f[n] "\""
		} else {
			n = csv_add_plain(parts[i], f, n)
		}
	}
	return n
}

# Adds text without quotes to the begun cell f[n]; returns the last cell.
function csv_add_plain(text, f, n,  cells, count, i)
{
	count = split(text, cells, ",")
	for (i = 1; i <= count; i++) {
		if (i == 1) {
			f[n] = f[n] cells[1]
		} else {
			f[++n] = cells[i]
		}
	}
	return n
}
