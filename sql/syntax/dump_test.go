package syntax

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// dump prints a node and what is in it, a line each, without the fields that are empty. With a text, every line ends in the stretch of it that is the node's place.
func dump(node any, text string) string {
	d := dumper{text: text}
	d.value("", reflect.ValueOf(node), 0)
	return d.String()
}

type dumper struct {
	strings.Builder
	text string
}

var spanType, typeType = reflect.TypeOf(Span{}), reflect.TypeOf(types.Type{})

func (d *dumper) value(label string, v reflect.Value, depth int) {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch {
	case v.Type() == spanType:
		if d.text != "" && label != "Span" && v.Interface() != (Span{}) {
			d.line(depth, label, "", v.Interface().(Span))
		}
	case v.Type() == typeType:
		d.line(depth, label, v.Interface().(types.Type).String(), Span{})
	case v.Kind() == reflect.Struct:
		d.structure(label, v, depth)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			d.value(fmt.Sprintf("%s[%d]", label, i), v.Index(i), depth)
		}
	case v.Kind() == reflect.String:
		d.line(depth, label, fmt.Sprintf("%q", v.String()), Span{})
	default:
		d.line(depth, label, fmt.Sprint(v.Interface()), Span{})
	}
}

func (d *dumper) structure(label string, v reflect.Value, depth int) {
	var at Span
	if f := v.FieldByName("Span"); f.IsValid() {
		at = f.Interface().(Span)
	}
	d.line(depth, label, v.Type().Name(), at)
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		empty := f.IsZero() && !(name == "V" && v.Type().Name() != "Span")
		if !empty && name != "Text" || name == "Text" && label == "" {
			d.value(name, f, depth+1)
		} else if name == "Text" {
			d.line(depth+1, name, fmt.Sprintf("%q", f.String()), Span{})
		}
	}
}

func (d *dumper) line(depth int, label, what string, at Span) {
	if label != "" && what != "" {
		label += " "
	}
	fmt.Fprintf(d, "%s%s%s", strings.Repeat("  ", depth), label, what)
	if d.text != "" && at != (Span{}) {
		fmt.Fprintf(d, " «%s»", strings.ReplaceAll(d.text[at.Pos:at.End], "\n", "⏎"))
	}
	d.WriteByte('\n')
}

// caret prints an error as a shell would: the message, the line, the caret and the hint.
func caret(text string, err error) string {
	e, ok := err.(*types.Error)
	if !ok {
		return "NOT A TYPED ERROR: " + err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR %s: %s\n", e.Code, e.Message)
	if e.Pos > 0 {
		pos := e.Pos - 1
		start := strings.LastIndexByte(text[:pos], '\n') + 1
		line, _, _ := strings.Cut(text[start:], "\n")
		n := max(1, len([]rune(text[pos:min(len(text), pos+e.Len, start+max(len(line), pos-start))])))
		fmt.Fprintf(&b, "  %s\n  %s%s\n", line, strings.Repeat(" ", len([]rune(text[start:pos]))), strings.Repeat("^", n))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "HINT: %s\n", e.Hint)
	}
	return b.String()
}
