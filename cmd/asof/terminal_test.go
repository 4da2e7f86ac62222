package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asofdb/asof/cmd/asof/editor/editortest"
)

// sitting is a person at a terminal with a home of her own, where she may run asof several times.
type sitting struct {
	t    *testing.T
	term *editortest.Terminal
	home string
	cmd  *exec.Cmd
}

// sitDown opens a terminal of that size and starts `asof sql` on it, with more variables in its environment.
func sitDown(t *testing.T, columns, rows int, env ...string) *sitting {
	t.Helper()
	t.Parallel()
	s := &sitting{t: t, term: editortest.Open(t, columns, rows), home: t.TempDir()}
	s.start(env...)
	return s
}

// start starts the shell; the cleanup kills it where a test has failed before it ended.
func (s *sitting) start(env ...string) {
	s.t.Helper()
	s.cmd = exec.Command("asof", "sql")
	s.cmd.Dir = s.home
	s.cmd.Env = append(append(os.Environ(), "HOME="+s.home, "XDG_STATE_HOME=", "TERM=xterm", "NO_COLOR=1", "PAGER="), env...)
	s.term.Clear()
	s.term.Start(s.cmd)
	s.t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	s.await("Ctrl-D ends.\nasof=>")
}

// await waits until the texts are on the screen and the prompt waits below them: keys typed before that are another story.
func (s *sitting) await(texts ...string) {
	s.t.Helper()
	s.term.Until(fmt.Sprintf("%q and the prompt", texts), func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return strings.HasSuffix(screen, "\nasof=>")
	})
}

// end waits until the shell ends by itself, with that status.
func (s *sitting) end(status int) {
	s.t.Helper()
	kill := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	if err := s.cmd.Wait(); exitCode(err) != status {
		s.t.Fatalf("%v; the screen:\n%s", err, s.term.Screen())
	}
}

// file writes a file into the home.
func (s *sitting) file(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.home, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// orders makes a followed source of some orders.
func (s *sitting) orders(transactions int) {
	s.t.Helper()
	path := filepath.Join(s.home, "orders.ndjson")
	writeOrders(s.t, path, transactions)
	s.file("orders.sql", ordersSource(path, "true"))
	s.term.Type("\\i orders.sql\r")
	s.await("CREATE SOURCE,")
}

// TestTerminalStatements holds that a statement of several lines is written, run and found again in the next run of the shell.
func TestTerminalStatements(t *testing.T) {
	s := sitDown(t, 80, 24)
	s.term.Type("SELECT 1 AS one,\r")
	s.term.Await("asof=> SELECT 1 AS one,\nasof->")
	s.term.Type("       2 AS two;\r")
	s.await("│   1 │   2 │", "1 row, ")
	s.term.Type("SELECT wrong;\r")
	s.await("ERROR 42703", "LINE 1: SELECT wrong;\n               ^^^^^")
	s.term.Type("CREATE SECRET s AS 'hidden';\r")
	s.await("SECRET")
	s.term.Type("\x0c") // clears the screen
	s.term.AwaitGone("SECRET")
	s.term.Type("\x04")
	s.end(0)

	s.start()
	s.term.Type("\x1b[A")
	s.term.Await("asof=> SELECT wrong;")
	s.term.Type("\x1b[A")
	s.term.Await("asof=> SELECT 1 AS one,\nasof->        2 AS two;")
	s.term.Type("\x7f * 5 AS ten;\x1b[1;5H\x1b[3~\r") // the cursor may be anywhere when Enter is pressed
	s.await("syntax error at or near \"ELECT\"")
	s.term.Type("\x12two\x12\r")
	s.await("│ one │ two │")
	s.term.Type("\\q\r")
	s.end(0)
}

// TestTerminalCompletion holds that Tab knows keywords, relations and columns.
func TestTerminalCompletion(t *testing.T) {
	s := sitDown(t, 80, 24)
	s.orders(600)
	s.term.Type("sel\t")
	s.term.Await("asof=> select")
	s.term.Type("* from ord\t")
	s.term.Await("asof=> select * from orders")
	s.term.Type("where \t")
	s.term.Await("amount ", "customer_id", "status")
	s.term.Type("order_id = 1001 and sta\t = 'x';\r")
	s.await("asof=> select * from orders where order_id = 1001 and status = 'x';\n", "0 rows")
	s.term.Type("\\d o\t\r")
	s.await("asof=> \\d orders", "Key: order_id")
	s.term.Type("\\q\r")
	s.end(0)
}

// TestTerminalInterrupt holds that Ctrl-C gives up what is being written, cancels what runs, and leaves the shell alone.
func TestTerminalInterrupt(t *testing.T) {
	s := sitDown(t, 80, 24)
	s.orders(600)
	s.term.Type("SELECT nonsense\r")
	s.term.Await("asof->")
	s.term.Type("\x03")
	s.await("asof-> ^C")
	s.term.Type("SET as_of_wait = '600s';\r")
	s.await("SET,")
	s.term.Type("SELECT COUNT(*) FROM orders AS OF '2037-01-01 00:00+00'; SELECT 'never run';\r")
	s.term.TypeUntil("\x03", "ERROR 57014")
	s.term.Type("SELECT 40 + 2 AS answer;\r")
	s.await("│     42 │")
	if strings.Contains(s.term.Screen(), "│ never run") {
		t.Errorf("what came after Ctrl-C has run:\n%s", s.term.Screen())
	}
	s.term.Type("SELECT")
	s.term.Await("asof=> SELECT")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.end(143)
}

// TestTerminalSettings holds what \x, \timing, \o and \i do where somebody watches.
func TestTerminalSettings(t *testing.T) {
	s := sitDown(t, 80, 50)
	s.term.Type("\\x\r")
	s.await("Expanded display is on.")
	s.term.Type("SELECT 1 AS a, 2 AS b;\r")
	s.await("─[ 1 ]┬─", "a │ 1\nb │ 2\n1 row, ")
	s.term.Type("\\x\r")
	s.await("Expanded display is used where a table is too wide.")
	s.term.Type("\\timing\r")
	s.await("Timing is off.")
	s.term.Type("SELECT 3 AS c;\r")
	s.await("│ 3 │\n└───┘\n1 row\n")
	s.term.Type("\\o results.txt\r")
	s.await("results.txt")
	s.term.Type("SELECT 4 AS d;\r")
	s.await("AS d;")
	s.term.Type("\\o\r")
	s.await("\\o\n")
	s.term.Type("SELECT 5 AS e;\r")
	s.await("│ 5 │")
	if got, err := os.ReadFile(filepath.Join(s.home, "results.txt")); err != nil || string(got) != "┌───┐\n│ d │\n├───┤\n│ 4 │\n└───┘\n1 row\n" {
		t.Errorf("in the file: %q, %v", got, err)
	}
	if strings.Contains(s.term.Screen(), "│ d │") {
		t.Errorf("also on the screen:\n%s", s.term.Screen())
	}
	s.file("script.sql", "SELECT 6 AS f;\n\\x\nSELECT wrong;\nSELECT 7 AS g;\n")
	s.term.Type("\\i scr\t\r")
	s.await("│ 6 │", "script.sql:3: ERROR 42703")
	s.term.Type("SELECT 8 AS h;\r")
	s.await("h │ 8")
	if strings.Contains(s.term.Screen(), "│ 7") {
		t.Errorf("a script went on after its error:\n%s", s.term.Screen())
	}
	s.term.Type("\x04")
	s.end(0)
}

// paged waits until the pager of TestTerminalPager has been there so often; it fails where it has been more often.
func (s *sitting) paged(times int) {
	s.t.Helper()
	s.term.Until(fmt.Sprintf("%d pagers", times), func(string) bool { return strings.Count(s.term.Written(), "(paged)") >= times })
	if n := strings.Count(s.term.Written(), "(paged)"); n != times {
		s.t.Fatalf("the pager has come %d times; the screen:\n%s", n, s.term.Screen())
	}
}

// TestTerminalPager holds that what does not fit goes through the pager, what fits does not, and that a reader may leave it early.
func TestTerminalPager(t *testing.T) {
	// This pager shows three lines and waits for Enter without reading the rest.
	s := sitDown(t, 80, 24, "PAGER=head -n 3; echo '(paged)'; read line </dev/tty")
	s.orders(2000)
	s.term.Type("SELECT 1 AS fits;\r")
	s.await("│    1 │")
	s.term.Type("SELECT order_id FROM orders;\r")
	s.paged(1)
	s.term.Await("├──────────┤\n(paged)")
	s.term.Type("\r")
	s.await("(paged)")
	s.term.Type("SELECT 2 AS after;\r")
	s.await("│     2 │")
	s.paged(1)
	s.term.Type("\\x off\r")
	s.await("Expanded display is off.")
	s.term.Type("SELECT 1 AS " + strings.Repeat("x", 80) + ";\r")
	s.paged(2) // one row, but wider than the screen
	s.term.Type("\r")
	s.await("(paged)")
	s.term.Type("\\pset pager off\r")
	s.await("The pager is off.")
	s.term.Type("SELECT order_id FROM orders LIMIT 50;\r")
	s.await("50 rows, ")
	s.paged(2)
	s.term.Type("\\q\r")
	s.end(0)
}

func TestTerminalWithoutThePager(t *testing.T) {
	s := sitDown(t, 80, 24, "PAGER=no-such-pager")
	s.orders(2000)
	s.term.Type("SELECT order_id FROM orders;\r")
	s.await(`ERROR 22023: there is no pager "no-such-pager"`, `\pset pager off`)
	s.term.Type("\x04")
	s.end(0)
}

// TestDumbTerminal holds that a terminal that cannot move its cursor has a prompt all the same.
func TestDumbTerminal(t *testing.T) {
	s := sitDown(t, 80, 24, "TERM=dumb")
	s.term.Type("SELECT 1\r")
	s.term.Await("\nasof->")
	s.term.Type("AS n;\r")
	s.await("│ 1 │")
	s.term.Type("SELECT\r")
	s.term.Until("the second line", func(screen string) bool { return strings.HasSuffix(screen, "asof=> SELECT\nasof->") })
	s.term.Type("\x03")
	s.await("^C\n")
	s.term.Type("\\x\r")
	s.await("Expanded display is on.")
	s.term.Type("SELECT 2 AS m;\r")
	s.await("m │ 2")
	s.term.Type("\x04")
	s.end(0)
	if strings.Contains(s.term.Written(), "\x1b") {
		t.Errorf("control sequences on a dumb terminal: %q", s.term.Written())
	}
}
