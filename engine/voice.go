package engine

import "context"

// Notice is a message for the person who runs a statement. Severity and Code are PostgreSQL's; where they are empty, it is a NOTICE with SQLSTATE 00000.
type Notice struct{ Message, Hint, Severity, Code string }

// voice is who hears a statement's notices and progress. A statement's context carries its session's; work that belongs to no statement has the engine's.
type voice struct {
	notice   func(Notice)
	progress func(Progress)
}

type voiceKey struct{}

// voiceOf is whom a statement speaks to.
func (e *Engine) voiceOf(ctx context.Context) voice {
	if v, ok := ctx.Value(voiceKey{}).(voice); ok {
		return v
	}
	return voice{e.options.Notice, e.options.Progress}
}

// heard returns a context in which the session's listeners hear what is said.
func (s *Session) heard(ctx context.Context) context.Context {
	v := voice{s.options.Notice, s.options.Progress}
	if v.notice == nil {
		v.notice = s.eng.options.Notice
	}
	if v.progress == nil {
		v.progress = s.eng.options.Progress
	}
	return context.WithValue(ctx, voiceKey{}, v)
}

func (e *Engine) notice(ctx context.Context, message, hint string) {
	if v := e.voiceOf(ctx); v.notice != nil {
		v.notice(Notice{Message: message, Hint: hint})
	}
}

// warn is a notice that something was not done as it was asked for.
func (e *Engine) warn(ctx context.Context, code, message string) {
	if v := e.voiceOf(ctx); v.notice != nil {
		v.notice(Notice{Message: message, Severity: "WARNING", Code: code})
	}
}
