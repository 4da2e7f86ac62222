package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// metaCommand is a command of the shell itself: a backslash, its name, its arguments, to the end of the line.
type metaCommand struct {
	name string
	run  func(sh *shell, args []string) error
}

// metaCommands are all there are; help/shell.txt explains them. They are a function because \i runs scripts, which hold meta commands.
func metaCommands() []metaCommand {
	return []metaCommand{
		{"d", (*shell).metaDescribe},
		{"dt", func(sh *shell, args []string) error { return sh.metaList(args, sourceList) }},
		{"dv", func(sh *shell, args []string) error { return sh.metaList(args, featureList) }},
		{"df", func(sh *shell, args []string) error { return sh.metaList(args, featureList) }},
		{"timing", (*shell).metaTiming},
		{"x", (*shell).metaExpanded},
		{"pset", (*shell).metaPset},
		{"o", (*shell).metaOutput},
		{"i", (*shell).metaInclude},
		{"h", (*shell).metaStatements},
		{"help", (*shell).metaStatements},
		{"?", func(sh *shell, _ []string) error { return sh.writeText(topic("shell")) }},
		{"q", func(*shell, []string) error { return errQuit }},
		{"quit", func(*shell, []string) error { return errQuit }},
	}
}

// elsewhere says what to write for commands that psql has and this shell has not.
var elsewhere = map[string]string{
	"c": "One shell, one data directory: asof sql --data-dir DIR", "connect": "One shell, one data directory: asof sql --data-dir DIR",
	"l": "One shell, one data directory: asof sql --data-dir DIR", "copy": "Write COPY (SELECT …) TO 'FILE'; files are read with FROM 'FILE'.",
	"a": `Write \pset format csv (or table, tsv, json, ndjson).`, "g": "End the statement with a semicolon.", "r": "Ctrl-C clears the input.",
}

// runMeta runs a meta command.
func (sh *shell) runMeta(st *statement) error {
	name, rest := cutMeta(st.text)
	plain := strings.TrimSuffix(name, "+") // there is only one degree of detail
	for _, c := range metaCommands() {
		if c.name == name || c.name == plain && strings.HasPrefix(c.name, "d") {
			args, err := metaArguments(rest)
			if err != nil {
				return err
			}
			return c.run(sh, args)
		}
	}
	err := types.Errorf(types.CodeSyntax, `unknown command \%s`, name)
	if hint := elsewhere[name]; hint != "" {
		return err.WithHint("%s", hint)
	}
	if near := nearestMeta(name); near != "" {
		return err.WithHint(`did you mean \%s? \? lists them all`, near)
	}
	return err.WithHint(`\? lists the commands`)
}

// cutMeta cuts the line of a meta command into its name and the rest. \d"a" has no blank, and \?x is \?.
func cutMeta(line string) (name, rest string) {
	line = strings.TrimSpace(line[1:])
	n := 0
	for n < len(line) && ('a' <= line[n] && line[n] <= 'z' || 'A' <= line[n] && line[n] <= 'Z' || line[n] == '+') {
		n++
	}
	if n == 0 && line != "" {
		n = 1
	}
	return line[:n], line[n:]
}

// nearestMeta is the command that name was probably meant to be. A single letter is like every other one.
func nearestMeta(name string) string {
	if len(name) < 2 {
		return ""
	}
	var names []string
	for _, c := range metaCommands() {
		names = append(names, c.name)
	}
	return plan.Nearest(strings.ToLower(name), names)
}

// metaArguments cuts arguments at blanks, but not in quotes. Single quotes are taken away, double ones belong to names. A semicolon at the
// end is habit.
func metaArguments(s string) ([]string, error) {
	var args []string
	for {
		s = strings.TrimSpace(s)
		if s == "" || s == ";" {
			return args, nil
		}
		var b strings.Builder
		for s != "" && !strings.ContainsAny(s[:1], " \t\r") {
			part, rest, err := metaPart(s)
			if err != nil {
				return nil, err
			}
			b.WriteString(part)
			s = rest
		}
		args = append(args, b.String())
	}
}

// metaPart cuts off one quoted part, or what comes before the next quote or blank.
func metaPart(s string) (part, rest string, err error) {
	quote := s[0]
	if quote != '\'' && quote != '"' {
		n := strings.IndexAny(s, " \t\r'\"")
		if n < 0 {
			return strings.TrimSuffix(s, ";"), "", nil
		}
		return s[:n], s[n:], nil
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != quote:
		case i+1 < len(s) && s[i+1] == quote:
			i++
		case quote == '"':
			return s[:i+1], s[i+1:], nil
		default:
			return strings.ReplaceAll(s[1:i], "''", "'"), s[i+1:], nil
		}
	}
	return "", "", types.Errorf(types.CodeSyntax, "unterminated quoted string in a command: %s", s)
}

// metaSwitch is what an argument makes of something that is on or off; without one it becomes the other.
func metaSwitch(now bool, args []string) (bool, error) {
	if len(args) == 0 {
		return !now, nil
	}
	switch strings.ToLower(args[0]) {
	case "on", "true", "1":
		return true, nil
	case "off", "false", "0":
		return false, nil
	}
	return now, types.Errorf(types.CodeInvalidParameter, "on or off, not %q", args[0])
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (sh *shell) metaTiming(args []string) (err error) {
	sh.timing, err = metaSwitch(sh.timing, args)
	if err == nil {
		sh.inform("Timing is %s.", onOff(sh.timing))
	}
	return err
}

// metaExpanded switches records on, and back to what was before.
func (sh *shell) metaExpanded(args []string) error {
	next := "on"
	switch {
	case len(args) > 0:
		next = strings.ToLower(args[0])
	case sh.expanded == "on":
		next = sh.folded
	}
	if next != "auto" {
		on, err := metaSwitch(false, []string{next})
		if err != nil {
			return types.Errorf(types.CodeInvalidParameter, "on, off or auto, not %q", args[0])
		}
		next = onOff(on)
	}
	if sh.expanded = next; next != "on" {
		sh.folded = next
	}
	if next == "auto" {
		sh.inform("Expanded display is used where a table is too wide.")
	} else {
		sh.inform("Expanded display is %s.", next)
	}
	return nil
}

// metaPset sets how results are shown, or shows what is set.
func (sh *shell) metaPset(args []string) (err error) {
	if len(args) == 0 {
		sh.console.say("expanded %s\nformat   %s\npager    %s\ntiming   %s", sh.expanded, sh.format, onOff(sh.results.paging), onOff(sh.timing))
		return nil
	}
	name, args := args[0], args[1:]
	switch name {
	case "expanded", "x":
		return sh.metaExpanded(args)
	case "timing":
		return sh.metaTiming(args)
	case "format":
		if len(args) == 0 || formats[args[0]] == nil {
			return types.Errorf(types.CodeInvalidParameter, `\pset format takes table, csv, tsv, json or ndjson`)
		}
		sh.format = args[0]
		sh.inform("Output format is %s.", sh.format)
	case "pager":
		sh.results.paging, err = metaSwitch(sh.results.paging, args)
		if err == nil {
			sh.inform("The pager is %s.", onOff(sh.results.paging))
		}
	default:
		err := types.Errorf(types.CodeInvalidParameter, `\pset knows no %s`, name)
		return err.WithHint("there are expanded, format, pager and timing")
	}
	return err
}

// metaOutput sends results to a file, or back.
func (sh *shell) metaOutput(args []string) error {
	if len(args) == 0 {
		return sh.results.redirect("")
	}
	if strings.HasPrefix(args[0], "|") {
		return types.Errorf(types.CodeNotSupported, `\o writes to files, not to programs`).WithHint("asof sql -c '…' | program")
	}
	return sh.results.redirect(args[0])
}

// metaInclude runs the statements of a file.
func (sh *shell) metaInclude(args []string) error {
	if len(args) == 0 {
		return types.Errorf(types.CodeSyntax, `\i takes the name of a file`)
	}
	if slices.Contains(sh.scripts, args[0]) {
		return types.Errorf(types.CodeInvalidParameter, "%s includes itself", args[0])
	}
	text, err := readScript(args[0], nil)
	if err != nil {
		return err
	}
	return sh.runScript(&source{name: args[0], text: text, line: 1})
}

// metaStatements shows the statements of the language, or those that the arguments name.
func (sh *shell) metaStatements(args []string) error {
	text := topic("statements")
	wanted := strings.Fields(strings.ToUpper(strings.Join(args, " ")))
	if len(wanted) == 0 {
		return sh.writeText(text)
	}
	found := statementsWith(text, wanted)
	if found == "" {
		return types.Errorf(types.CodeUndefinedObject, "there is no help on %s", strings.Join(wanted, " ")).WithHint(`\h lists the statements`)
	}
	return sh.writeText(found)
}

// statementsWith are the entries of a text that begin with the first of some words and have the others in their first line. An entry's further lines
// are indented.
func statementsWith(text string, words []string) string {
	var found strings.Builder
	taken := false
	for line := range strings.Lines(text) {
		if line[0] != ' ' {
			taken = strings.HasPrefix(line, words[0])
			for _, w := range words[1:] {
				taken = taken && strings.Contains(line, w)
			}
		}
		if taken {
			found.WriteString(line)
		}
	}
	return found.String()
}

// topic is the text of a topic that exists.
func topic(name string) string {
	text, err := helpText.ReadFile("help/" + name + ".txt")
	if err != nil {
		panic(fmt.Sprintf("help: %s", err))
	}
	return string(text)
}
