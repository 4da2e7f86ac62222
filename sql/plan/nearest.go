package plan

// Nearest returns the name among names that name was probably meant to be, "" where none is near enough.
// At most a third of the longer name's letters (and one letter of a short name) may differ, and never all: a farther guess misleads.
func Nearest(name string, names []string) string {
	best, least := "", 0
	for _, n := range names {
		d := editDistance(name, n)
		if d > 0 && d < max(len(name), len(n)) && d <= max(1, len(name)/3, len(n)/3) && (best == "" || d < least) {
			best, least = n, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, substitutions and swaps of neighbours between a and b.
func editDistance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
