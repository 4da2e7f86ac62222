package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/asofdb/asof/connectors/sink"
)

// historyLimit is how many inputs are kept. A file with twice as many is cut when it is opened.
const historyLimit = 10_000

// history is what was written at the prompt, in this run and in those before: a JSON string a line, because statements have several.
// Several shells may add to one file.
type history struct {
	name    string // "" where nothing is kept
	entries []string
}

// historyFile is where the history is kept: $ASOF_HISTORY, else in the user's state directory; "" for nowhere.
func historyFile() string {
	if name, set := os.LookupEnv("ASOF_HISTORY"); set {
		return name
	}
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "asof", "history")
}

// openHistory reads a history. It can be used after an error too, but keeps nothing then. Lines that are no entries are passed over.
func openHistory(name string) (*history, error) {
	h := &history{}
	if name == "" {
		return h, nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return h, err
	}
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	h.name = name
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var entry string
		if json.Unmarshal(lines.Bytes(), &entry) == nil {
			h.entries = append(h.entries, entry)
		}
	}
	if len(h.entries) >= 2*historyLimit {
		h.entries = h.entries[len(h.entries)-historyLimit:]
		return h, h.rewrite()
	}
	return h, nil
}

// rewrite replaces the file by the entries.
func (h *history) rewrite() error {
	var all []byte
	for _, entry := range h.entries {
		all = appendEntry(all, entry)
	}
	next := h.name + ".new"
	if err := os.WriteFile(next, all, 0o600); err != nil {
		return err
	}
	return os.Rename(next, h.name)
}

// add keeps an input, unless it is blank, begins with a blank, says the same as the last one, or holds a secret.
func (h *history) add(text string) error {
	text = strings.TrimRight(text, " \t\n")
	if text == "" || text[0] == ' ' || secret.MatchString(text) || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	if h.name == "" {
		return nil
	}
	file, err := os.OpenFile(h.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		h.name = "" // to say it once is enough
		return err
	}
	_, err = file.Write(appendEntry(nil, text))
	return errors.Join(err, file.Chmod(0o600), file.Close())
}

func appendEntry(dst []byte, entry string) []byte {
	return append(sink.AppendJSONString(dst, []byte(entry)), '\n')
}

// secret finds statements that nobody else should read: those on secrets, users' passwords, options named like one, and URLs with a password.
var secret = regexp.MustCompile(`(?is)\b(create|alter)\s+(or\s+replace\s+)?secret\b` +
	`|\bpassword\s+\w*&?['$]` +
	`|\w*(password|passwd|secret|token|credential|api_?key|access_?key)\w*\s*=\s*\w*['$"]` +
	`|://[^\s/:@']*:[^\s/@']+@` + `|\bpassword\s*=\s*[^\s'";,)]`)
