package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// goTrace matches what must never reach a user.
var goTrace = regexp.MustCompile(`panic|goroutine [0-9]|nil pointer|runtime error`)

// TestContract runs the stories of testdata/contract: NAME.sql on a fresh data directory, in that folder, prints NAME.out as
// csv, or fails with status 1 and a message that matches every pattern of NAME.err; in the shell's own process, and through a server's door.
func TestContract(t *testing.T) {
	stories, err := filepath.Glob("testdata/contract/*.sql")
	if err != nil || len(stories) < 14 {
		t.Fatalf("stories: %v, %v", stories, err)
	}
	for _, story := range stories {
		name := strings.TrimSuffix(filepath.Base(story), ".sql")
		for way, run := range map[string]func(*testing.T, string) outcome{"embedded": runStory, "connected": runStoryConnected} {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				checkStory(t, name, run(t, name))
			})
		}
	}
}

func checkStory(t *testing.T, name string, got outcome) {
	t.Helper()
	want, err := os.ReadFile("testdata/contract/" + name + ".out")
	if err != nil {
		checkRefusal(t, name, got)
		return
	}
	if got.code != 0 || got.stdout != string(want) || got.stderr != "" {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

func checkRefusal(t *testing.T, name string, got outcome) {
	t.Helper()
	patterns, err := os.ReadFile("testdata/contract/" + name + ".err")
	if err != nil {
		t.Fatal(err)
	}
	if got.code != 1 || goTrace.MatchString(got.stderr) {
		t.Errorf("%s", got)
	}
	for pattern := range strings.Lines(string(patterns)) {
		pattern = strings.TrimSuffix(pattern, "\n")
		if !regexp.MustCompile("(?i)" + pattern).MatchString(got.stderr) {
			t.Errorf("no %q in:\n%s", pattern, got)
		}
	}
}

// outcome is how a run of asof ended.
type outcome struct {
	code           int
	stdout, stderr string
}

func (o outcome) String() string {
	return fmt.Sprintf("status %d\nstdout:\n%s\nstderr:\n%s", o.code, o.stdout, o.stderr)
}

func runStory(t *testing.T, name string) outcome {
	t.Helper()
	cmd := exec.Command("asof", "sql", "--data-dir", filepath.Join(t.TempDir(), "data"), "-f", name+".sql", "--format", "csv")
	cmd.Dir = "testdata/contract"
	return outcomeOf(cmd)
}

// runStoryConnected runs a story through the Postgres door of a server of its own.
func runStoryConnected(t *testing.T, name string) outcome {
	t.Helper()
	s := startServer(t, "testdata/contract", nil, "--data-dir", filepath.Join(t.TempDir(), "data"), "--pg-addr", "127.0.0.1:0", "--resp-addr", "off")
	cmd := exec.Command("asof", "sql", "--connect", s.urls["pg"]+"?sslmode=disable", "-f", name+".sql", "--format", "csv")
	cmd.Dir = "testdata/contract"
	got := outcomeOf(cmd)
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("the server ends with status %d\n%s", code, s.log)
	}
	return got
}

func outcomeOf(cmd *exec.Cmd) outcome {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return outcome{exitCode(err), stdout.String(), stderr.String()}
}
