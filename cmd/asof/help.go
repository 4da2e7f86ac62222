package main

import (
	"embed"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// helpText holds one file for each topic: asof.txt is what bare `asof` prints.
//
//go:embed help
var helpText embed.FS

type helpCommand struct {
	Topic string `arg:"" optional:"" help:"A command, or shell, statements, exit-codes."`
}

// Run prints the text of a topic.
func (h *helpCommand) Run(a *app) error {
	topic := h.Topic
	if topic == "" || topic == "help" {
		topic = "asof"
	}
	text, err := helpText.ReadFile("help/" + topic + ".txt")
	if err != nil {
		a.console.say("asof: there is no help on %q; there is help on %s", h.Topic, strings.Join(topics(), ", "))
		return status(exitUsage)
	}
	_, err = a.stdout.Write(text)
	return err
}

func topics() []string {
	files, err := helpText.ReadDir("help")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".txt"); name != "asof" {
			names = append(names, name)
		}
	}
	return names
}

// printHelp is what --help prints: the same texts as `asof help`.
func printHelp(_ kong.HelpOptions, ctx *kong.Context) error {
	topic := "asof"
	if cmd := ctx.Selected(); cmd != nil && cmd.Name != "help" {
		topic = cmd.Name
	}
	text, err := helpText.ReadFile("help/" + topic + ".txt")
	if err != nil {
		return fmt.Errorf("help on %s: %w", topic, err)
	}
	_, err = ctx.Stdout.Write(text)
	return err
}
