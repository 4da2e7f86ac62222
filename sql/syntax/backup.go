package syntax

// backup reads what follows BACKUP: TO 'dir'.
func (p *parser) backup(start Pos) (Statement, error) {
	if err := p.expect("to"); err != nil {
		return nil, err
	}
	t := p.tok()
	if t.kind != tokString {
		return nil, p.unexpected().WithHint("BACKUP TO 'directory' writes one to a new directory.")
	}
	p.i++
	return &Backup{Span: p.from(start), Dir: t.text, DirPos: t.Span}, nil
}
