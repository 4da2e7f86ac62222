package editor

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asofdb/asof/cmd/asof/editor/editortest"
)

// desk is an editor on a terminal and the one who types.
type desk struct {
	*editortest.Terminal
	editor *Editor
	// read gets what each Read returned.
	read chan result
}

type result struct {
	text string
	err  error
}

// sit opens an editor whose input ends with a semicolon, and begins to read.
func sit(t *testing.T, columns, rows int, prepare ...func(e *Editor)) *desk {
	t.Helper()
	term := editortest.Open(t, columns, rows)
	e, err := New(term.Device, term.Device)
	if err != nil {
		t.Fatal(err)
	}
	e.Prompt, e.More = "=> ", "-> "
	e.Ended = func(s string) bool { return strings.HasSuffix(strings.TrimSpace(s), ";") }
	for _, p := range prepare {
		p(e)
	}
	d := &desk{Terminal: term, editor: e, read: make(chan result)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			text, err := e.Read(ctx)
			select {
			case d.read <- result{text, err}:
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	d.Await("=>")
	return d
}

func remembers(history ...string) func(e *Editor) { return func(e *Editor) { e.History = history } }

// expect waits for what Read returns.
func (d *desk) expect(t *testing.T, text string, err error) {
	t.Helper()
	select {
	case got := <-d.read:
		if got.text != text || !errors.Is(got.err, err) {
			t.Fatalf("Read returned %q, %v, want %q, %v; the screen:\n%s", got.text, got.err, text, err, d.Screen())
		}
	case <-time.After(time.Minute):
		t.Fatalf("Read did not return %q, %v; the screen:\n%s", text, err, d.Screen())
	}
}

func TestEnterEndsWhatIsComplete(t *testing.T) {
	d := sit(t, 40, 10)
	d.Type("SELECT 1\r")
	d.Await("=> SELECT 1\n->")
	d.Type("AS n;\r")
	d.expect(t, "SELECT 1\nAS n;", nil)
	d.Await("=> SELECT 1\n-> AS n;\n=>")
}

func TestKeys(t *testing.T) {
	for name, c := range map[string]struct{ keys, want string }{
		"insert in the middle": {"SELCT;\x1b[D\x1b[D\x1b[DE", "SELECT;"},
		"home and end":         {"b\x1b[Ha\x1b[F;", "ab;"},
		"ctrl-a, ctrl-e":       {"b\x01a\x05;", "ab;"},
		"backspace":            {"ax\x7f;", "a;"},
		"delete":               {"xa;\x01\x1b[3~", "a;"},
		"ctrl-d deletes":       {"xa;\x01\x04", "a;"},
		"a whole character":    {"e\u0301👩‍👧;\x1b[D\x7f\x7f", ";"},
		"words":                {"one two_2  three;\x1bb\x1bbX", "one Xtwo_2  three;"},
		"word right":           {"one two;\x01\x1bf!", "one! two;"},
		"kill and yank":        {"one two;\x17\x19\x19", "one two;two;"},
		"kill to the ends":     {"a b;\x1bb\x0b\x01\x19", "b;a "},
		"kill line left":       {"abc\x15d;", "d;"},
		"undo":                 {"ab; cd\x17\x1f\x1f", "ab;"},
		"up and down":          {"abc\rdef\x10X\x0eY;", "abcX\ndefY;"},
		"alt-enter":            {"a;\x1b\rb;", "a;\nb;"},
		"unknown keys":         {"a\x1b[99~\x1b[1;9Z\x1bOZ\x1bq\x00\x1c;", "a;"},
		"a lone escape":        {"a\x1b\x1b[Db;", "b;a"},
		"not UTF-8":            {"a\xff\xc3b;", "ab;"},
		"kill a line break":    {"a\rb;\x1b[A\x05\x0b", "ab;"},
		"up keeps the column":  {"abcd\rx\ry日z;\x1b[A\x1b[A.", "a.bcd\nx\ny日z;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := sit(t, 40, 10)
			d.Type(c.keys)
			if !strings.HasSuffix(c.want, ";") {
				d.Type("\x1b[1;5F;\r")
				c.want += ";"
			} else {
				d.Type("\r")
			}
			d.expect(t, c.want, nil)
		})
	}
}

func TestCtrlCGivesUpTheTextAndCtrlDEnds(t *testing.T) {
	d := sit(t, 40, 10)
	d.Type("SELECT\rx\x03")
	d.expect(t, "", ErrInterrupt)
	d.Await("=> SELECT\n-> x^C\n=>")
	d.Type("\x04")
	d.expect(t, "", io.EOF)
}

// TestPaste holds that what is pasted is text: its tabs complete nothing, its line ends enter nothing, its control characters vanish.
func TestPaste(t *testing.T) {
	d := sit(t, 40, 10, func(e *Editor) { e.Complete = func(string, int) (int, []string) { panic("completed") } })
	d.Type("\x1b[200~SELECT\r\n\t1;\nSELECT\x1b[31m 2;\x1b[201~")
	d.Await("=> SELECT\n->     1;\n-> SELECT[31m 2;")
	d.Type("\r")
	d.expect(t, "SELECT\n\t1;\nSELECT[31m 2;", nil)
}

// TestTypeAhead holds that keys which come in one piece, over the end of an input, all arrive.
func TestTypeAhead(t *testing.T) {
	d := sit(t, 40, 10)
	d.Type("a;\rb\rc;\rd;")
	d.expect(t, "a;", nil)
	d.expect(t, "b\nc;", nil)
	d.Await("=> d;")
	d.Type("\r")
	d.expect(t, "d;", nil)
}

func TestHistory(t *testing.T) {
	d := sit(t, 40, 10, remembers("first;", "second\nof two lines;"))
	d.Type("new\x1b[A")
	d.Await("=> second\n-> of two lines;")
	d.Type("\x10\x10") // within the entry, then past it
	d.Await("=> first;")
	d.Type("\x1b[B")
	d.Await("=> second")
	d.Type("\x1b[B")
	d.Await("=> new")
	d.Type("\x1b[A\x1b[A\x1b[AX\x1b[6~\x1b[5~") // changed entries stay changed
	d.Await("=> first;X")
	d.Type("\x7f\r")
	d.expect(t, "first;", nil)
}

func TestSearchHistory(t *testing.T) {
	d := sit(t, 60, 10, remembers("SELECT one;", "SELECT two;", "SHOW SOURCES;"))
	d.Type("draft\x12sel")
	d.Await("=> SELECT two;", "history: sel_")
	d.Type("\x12")
	d.Await("=> SELECT one;")
	d.Type("x")
	d.Await("not in the history: selx_")
	d.Type("\x07")
	d.Await("=> draft")
	d.AwaitGone("history")
	d.Type("\x12two\x1b[F")
	d.AwaitGone("history")
	d.Type("\r")
	d.expect(t, "SELECT two;", nil)
}

func TestCompletion(t *testing.T) {
	d := sit(t, 40, 8, func(e *Editor) {
		e.Complete = func(s string, cursor int) (int, []string) {
			from := strings.LastIndexByte(s[:cursor], ' ') + 1
			var found []string
			for _, w := range []string{"customer_orders ", "customers ", "日本 "} {
				if strings.HasPrefix(w, s[from:cursor]) {
					found = append(found, w)
				}
			}
			return from, found
		}
	})
	d.Type("FROM c\t")
	d.Await("=> FROM customer\ncustomer_orders  customers")
	d.Type("s\t")
	d.Await("=> FROM customers")
	d.AwaitGone("customer_orders")
	d.Type("x\t日\t;\x01\r")
	d.expect(t, "FROM customers x日;", nil) // x日 is no word that could be completed
}

func TestAMenuThatIsTooLong(t *testing.T) {
	d := sit(t, 20, 6, func(e *Editor) {
		e.Complete = func(string, int) (int, []string) {
			return 0, strings.Fields("aaaaaaaa aaaaaaab aaaaaaac aaaaaaad aaaaaaae aaaaaaaf aaaaaaag")
		}
	})
	d.Type("a\t")
	d.Await("=> aaaaaaa\naaaaaaaa\naaaaaaab\naaaaaaac\naaaaaaad\n… and 3 more")
	d.Type(";\r")
	d.expect(t, "aaaaaaa;", nil)
}

// TestLongLines holds that the display stays right at the last row and over the last column, where terminals differ most.
func TestLongLines(t *testing.T) {
	d := sit(t, 10, 4)
	d.Type("abcdefg") // the row is full
	d.Await("=> abcdefg")
	d.Until("the cursor below", func(string) bool { x, y := d.Cursor(); return x == 0 && y == 1 })
	d.Type("hijklmnopq日本\x01")
	d.Await("=> abcdefg\nhijklmnopq\n日本")
	d.Type("X\x05;\r")
	d.expect(t, "Xabcdefghijklmnopq日本;", nil)
	d.Type("1\r2\r3\r4\r5\r6")
	d.Await("-> 3\n-> 4\n-> 5\n-> 6")
	d.Type("\x1b[1;5H0")
	d.Await("=> 01\n-> 2\n-> 3\n-> 4")
	d.Type("\x1b[1;5F;\r")
	d.expect(t, "01\n2\n3\n4\n5\n6;", nil)
	d.Await("-> 5\n-> 6;\n=>")
	if all := d.Written(); !strings.Contains(all[strings.LastIndex(all, "=> 01"):], "-> 2\x1b[K\r\n-> 3") {
		t.Errorf("the whole text is not left behind in %q", all)
	}
}

// TestPrint holds that messages of other goroutines stand above what is edited, which goes on below.
func TestPrint(t *testing.T) {
	d := sit(t, 40, 6)
	d.Type("SELECT\r1")
	d.Await("-> 1")
	if !d.editor.Print("NOTICE: something\nHINT: nothing") {
		t.Fatal("not shown")
	}
	d.Await("NOTICE: something\nHINT: nothing\n=> SELECT\n-> 1")
	d.Type(";\r")
	d.expect(t, "SELECT\n1;", nil)
}

func TestResize(t *testing.T) {
	d := sit(t, 40, 10)
	d.Type("SELECT 1,\r2")
	d.Await("-> 2")
	d.Resize(8, 10)
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil { // the kernel tells only who has the terminal as its own
		t.Fatal(err)
	}
	d.Await("=> SELEC\nT 1,\n-> 2")
	d.Type(";\r")
	d.expect(t, "SELECT 1,\n2;", nil)
}

func TestContextEndsRead(t *testing.T) {
	term := editortest.Open(t, 40, 10)
	e, err := New(term.Device, term.Device)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := e.Read(ctx)
		ended <- err
	}()
	term.Type("ab")
	term.Await("ab")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if e.Print("late") {
		t.Error("shown though nobody edits")
	}
}
