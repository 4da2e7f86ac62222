package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is the parent's hold on a child.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan event    // closed after the child's last whole line
	waited chan struct{} // closed once the process is gone
}

// start runs a child. What it writes to standard error goes to the end of a file in the run's directory.
func start(dir string, o orders) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "child.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(self), events: make(chan event, 256), waited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	p.cmd.Stderr = log
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(out)
	return p, nil
}

// read hands on the child's whole lines. A line that the kill cut off was never said.
func (p *process) read(out io.Reader) {
	defer close(p.waited)
	defer close(p.events)
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			break
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			e = event{Is: "failed", What: fmt.Sprintf("the child wrote %q", line)}
		}
		p.events <- e
	}
	_ = p.cmd.Wait() // how it ended is known by its last event
}

// kill ends the child at once.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// terminate asks it to close.
func (p *process) terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// explain makes a child that hangs write what its goroutines do to child.log, and end.
func (p *process) explain() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.waited:
	case <-time.After(10 * time.Second):
		p.kill()
	}
}

// ask sends a question.
func (p *process) ask(sql string) error {
	_, err := io.WriteString(p.stdin, sql+"\n")
	return err
}
