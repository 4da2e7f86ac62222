package golden

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Truth is a table as the database printed it: its rows by their key columns' text, and each row's text by column. A NULL is the text "NULL".
type Truth map[string]map[string]string

// Null is the text of a NULL.
const Null = "NULL"

func readTruth(t testing.TB, name string, key []string) Truth {
	t.Helper()
	base := "truth/" + name
	if b, err := files.ReadFile(base + ".csv"); err == nil {
		return newTruth(parseCSV(string(b)), key)
	}
	b, err := files.ReadFile(base + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	return newTruth(parseTSV(string(b)), key)
}

func newTruth(records [][]string, key []string) Truth {
	rows := Truth{}
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = r[i]
		}
		rows.Add(row, key)
	}
	return rows
}

// Add puts row under its key, or under all of its text and a number where the table has no key.
func (rows Truth) Add(row map[string]string, key []string) {
	id := keyText(row, key)
	for n := 1; len(key) == 0 && rows[id] != nil; n++ {
		id = keyText(row, key) + "#" + strconv.Itoa(n)
	}
	rows[id] = row
}

// Only returns the rows with some keys.
func (rows Truth) Only(keys ...string) Truth { return only(rows, keys...) }

func keyText(row map[string]string, key []string) string {
	if len(key) == 0 {
		for name := range row {
			key = append(key, name)
		}
		slices.Sort(key)
	}
	parts := make([]string, len(key))
	for i, name := range key {
		parts[i] = row[name]
	}
	return strings.Join(parts, "|")
}

// parseCSV reads COPY … (FORMAT csv) without the decoder that is tested here.
func parseCSV(s string) [][]string {
	var records [][]string
	var record []string
	for len(s) > 0 {
		field := Null
		if s[0] == '"' {
			var b strings.Builder
			for s = s[1:]; ; s = s[1:] {
				if s[0] == '"' {
					if s = s[1:]; s == "" || s[0] != '"' {
						break
					}
				}
				b.WriteByte(s[0])
			}
			field = b.String()
		} else if n := strings.IndexAny(s, ",\n"); n > 0 {
			field, s = s[:n], s[n:]
		}
		record = append(record, field)
		if s[0] == '\n' {
			records, record = append(records, record), nil
		}
		s = s[1:]
	}
	return records
}

func parseTSV(s string) [][]string {
	var records [][]string
	for line := range strings.Lines(s) {
		records = append(records, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return records
}

// Commit is a transaction of a group.
type Commit struct {
	Tx   int64
	Time int64 // µs
}

// Commits returns the transactions of a group that committed, in order of their numbers, nil where the database does not tell when.
func Commits(group string) []Commit {
	b, err := files.ReadFile("truth/" + group + ".commits.csv")
	if err != nil {
		return nil // MariaDB has whole seconds only
	}
	var all []Commit
	for _, r := range parseCSV(string(b))[1:] {
		tx, _ := strconv.ParseInt(r[0], 10, 64)
		if us, err := strconv.ParseInt(r[1], 10, 64); err == nil {
			all = append(all, Commit{tx, us})
		}
	}
	return all
}
