package responsibility

import (
	"strings"

	"auditpack/internal/yamldoc"
)

// Side says who carries an area under one service model.
type Side string

// The sides. Any other text stands for itself: a file may say what nobody foresaw.
const (
	SideProvider Side = "provider"
	SideCustomer Side = "customer"
	SideShared   Side = "shared"
)

// Area is one row of a responsibility matrix.
type Area struct {
	Line       int // in the file
	Area       string
	Control    string // that covers it, empty for none
	IaaS       Side
	PaaS       Side
	SaaS       Side
	Team       string
	Validates  string // who validates security configurations
	Responds   string // who responds to security events
	Contact    string
	Escalation string
	Handoffs   []string // never nil
	Remarks    []string // what stood in parentheses behind a side: "saas: user management"; never nil
}

func areas(doc yamldoc.Node) []Area {
	var out []Area
	for _, n := range doc.Get("areas").Items() {
		a := Area{
			Line: n.Line(), Area: n.Get("area").Text(), Control: n.Get("control").Text(), Team: n.Get("team").Text(),
			Validates: n.Get("validates").Text(), Responds: n.Get("responds").Text(), Contact: n.Get("contact").Text(),
			Escalation: n.Get("escalation").Text(), Handoffs: n.Get("handoffs").Texts(), Remarks: []string{},
		}
		a.IaaS = a.side(n.Get("iaas"))
		a.PaaS = a.side(n.Get("paas"))
		a.SaaS = a.side(n.Get("saas"))
		out = append(out, a)
	}
	return out
}

// side reads "shared (key management is ours)": a side and a remark. What is no known side stays as written.
func (a *Area) side(n yamldoc.Node) Side {
	word, remark, ok := strings.Cut(n.Text(), " (")
	switch s := Side(word); s {
	case SideProvider, SideCustomer, SideShared:
		if ok {
			a.Remarks = append(a.Remarks, lastKey(n)+": "+strings.TrimSuffix(remark, ")"))
		}
		return s
	}
	return Side(n.Text())
}

func lastKey(n yamldoc.Node) string {
	return n.Field()[strings.LastIndexByte(n.Field(), '.')+1:]
}
