package expr

import "strings"

// volatileFunctions are PostgreSQL's functions that give another answer each time, with what to write instead.
var volatileFunctions = map[string]string{
	"clock_timestamp": "NOW() is the one source of time.",
	"timeofday":       "NOW() is the one source of time.",
	"random":          "An answer must be repeatable: take the random number from a column.",
	"gen_random_uuid": "An answer must be repeatable: take the id from a column.",
	"setseed":         "An answer must be repeatable.",
	"nextval":         "An answer must be repeatable: take the number from a column.",
}

// plannedFunctions are PostgreSQL's functions that the language does not have yet: asking for one is not a misspelling.
var plannedFunctions = words(`
	acosd acosh array_agg array_append array_cat array_dims array_fill array_ndims array_position array_positions array_prepend
	array_replace array_to_json ascii asind asinh atan2d atand atanh bit_count bit_length chr convert
	convert_from convert_to cosd cosh cot cotd cume_dist current_time 	decode dense_rank encode factorial first_value format gcd get_bit get_byte isfinite json_array_elements
	json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text json_extract_path
	json_extract_path_text json_object json_object_keys json_strip_nulls json_typeof jsonb_array_elements jsonb_array_elements_text
	jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
	jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array
	jsonb_path_query_first jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_typeof justify_days justify_hours justify_interval lag last_value lcm
	lead make_date make_time make_timestamp make_timestamptz md5 min_scale normalize nth_value ntile num_nonnulls num_nulls 	percent_rank pg_typeof quote_nullable rank regexp_count regexp_instr regexp_like regexp_match regexp_matches
	regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr row_number row_to_json scale set_bit set_byte sha224
	sha256 sha384 sha512 similar_escape sind sinh string_to_table tand tanh to_char to_date to_hex to_json to_jsonb to_number
	to_tsquery to_tsvector translate trim_array trim_scale unistr width_bucket`)

func words(s string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

// nearestFunction is the function whose name is at most two edits from name, "" where there is none.
func nearestFunction(name string) string {
	best, distance := "", 3
	consider := func(candidate string) {
		d := edits(name, candidate)
		if d < distance || d == distance && candidate < best {
			best, distance = candidate, d
		}
	}
	for n := range functions {
		consider(n)
	}
	for n := range aliases {
		consider(n)
	}
	for _, n := range []string{"now", "coalesce", "nullif", "greatest", "least", "position", "count", "sum", "avg", "min", "max"} {
		consider(n)
	}
	if distance > 2 || distance >= len(name) {
		return ""
	}
	return best
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := diagonal
			if a[i] != b[j] {
				next = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
