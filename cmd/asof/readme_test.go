package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs every command of the README's console blocks, in order, in one empty folder, and compares what it prints
// with what the README shows. The two commands that take long, or are the test itself, are run elsewhere: the demo by a script, the tests by whoever runs this one.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]bool{"go run ./cmd/asof demo": true, ".ci/test": true}
	ran := 0
	for _, c := range consoleCommands(string(text)) {
		if elsewhere[c.command] {
			continue
		}
		command := strings.Replace(c.command, "go build -o asof ./cmd/asof", "go build -C "+root+" -o "+filepath.Join(dir, "asof")+" ./cmd/asof", 1)
		cmd := exec.Command("bash", "-c", command)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // a command that fails on purpose shows its error
		if got := strings.TrimRight(string(out), "\n"); got != c.output {
			t.Errorf("$ %s\nprints\n%s\nthe README shows\n%s", c.command, got, c.output)
		}
		ran++
	}
	if ran < 10 {
		t.Errorf("the README has %d commands only", ran)
	}
	if !bytes.Contains(text, []byte("go run ./cmd/asof demo")) {
		t.Error("the README does not name the demo")
	}
}

type consoleCommand struct{ command, output string }

// consoleCommands are the commands of the text's console blocks: a line "$ …", with the lines of its here-document, and what is printed after it.
func consoleCommands(text string) []consoleCommand {
	var out []consoleCommand
	inside, end := false, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "```console":
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case !inside:
		case end != "":
			out[len(out)-1].command += "\n" + line
			if line == end {
				end = ""
			}
		case strings.HasPrefix(line, "$ "):
			out = append(out, consoleCommand{command: line[2:]})
			if _, after, ok := strings.Cut(line, "<<'"); ok {
				end, _, _ = strings.Cut(after, "'")
			}
		default:
			c := &out[len(out)-1]
			c.output = strings.TrimPrefix(c.output+"\n"+line, "\n")
		}
	}
	return out
}
