package facts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNotSelect says that a statement is something else than one SELECT.
var ErrNotSelect = errors.New("want one SELECT statement")

// RefusedError says that a statement may run, but not as a control test or fact file: its result could differ between two runs.
type RefusedError struct {
	What string // the function or clause
	Why  string
	Line int // in the statement, from 1; 0 when unknown
}

func (e *RefusedError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s: %s", e.Line, e.What, e.Why)
	}
	return e.What + ": " + e.Why
}

// functionTable says of each function whether its result depends on its arguments alone; an unknown name is not in it.
type functionTable map[string]bool

// wronglyConsistent are functions that DuckDB calls consistent although their result depends on the order of rows, on settings, or
// on the moment. array_agg, list and string_agg are held to ORDER BY instead.
var wronglyConsistent = []string{
	"any_value", "arbitrary", "first", "last", "list_any_value", "list_first", "list_last", "approx_count_distinct", "approx_quantile",
	"approx_top_k", "reservoir_quantile", "current_setting", "now", "today", "ago", "get_current_time", "get_current_timestamp", "getenv",
	"pg_conf_load_time", "pg_postmaster_start_time", "pg_sleep", "version", "query", "query_table", "mode", "json_group_structure",
}

// momentWords are read as the time of the query although they look like columns.
var momentWords = []string{"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}

// orderedAggregates give what the order of rows says, so they must say it themselves.
var orderedAggregates = []string{"array_agg", "list", "string_agg", "group_concat", "listagg", "json_group_array", "json_group_object"}

func loadFunctions(ctx context.Context, db *sql.DB) (functionTable, error) {
	rows, err := db.QueryContext(ctx, `select lower(function_name), bool_and(coalesce(stability, 'CONSISTENT') = 'CONSISTENT')
		from duckdb_functions() where function_type in ('scalar', 'aggregate', 'macro') group by all`)
	if err != nil {
		return nil, fmt.Errorf("list functions of DuckDB: %w", err)
	}
	defer rows.Close()
	table := functionTable{}
	for rows.Next() {
		var name string
		var consistent bool
		if err := rows.Scan(&name, &consistent); err != nil {
			return nil, fmt.Errorf("list functions of DuckDB: %w", err)
		}
		table[name] = consistent
	}
	for _, name := range wronglyConsistent {
		table[name] = false
	}
	return table, rows.Err()
}

// statement is a SELECT, taken apart.
type statement struct {
	text  string
	nodes []map[string]any // every node of its tree, outermost first
}

// analyse parses query. Anything but one SELECT is ErrNotSelect; a syntax error gives its line.
func analyse(ctx context.Context, conn *sql.Conn, query string) (*statement, error) {
	var tree string
	if err := conn.QueryRowContext(ctx, "select json_serialize_sql("+quote(query)+")::varchar").Scan(&tree); err != nil {
		return nil, fmt.Errorf("parse statement: %w", cleanError(err))
	}
	var doc struct {
		Error        bool              `json:"error"`
		ErrorType    string            `json:"error_type"`
		ErrorMessage string            `json:"error_message"`
		Position     json.Number       `json:"position"`
		Statements   []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(tree), &doc); err != nil {
		return nil, fmt.Errorf("parse statement: %w", err)
	}
	if doc.Error && doc.ErrorType == "not implemented" {
		return nil, ErrNotSelect
	}
	if doc.Error {
		return nil, syntaxError(query, doc.ErrorMessage, doc.Position)
	}
	if len(doc.Statements) != 1 {
		return nil, ErrNotSelect
	}
	dec := json.NewDecoder(strings.NewReader(string(doc.Statements[0])))
	dec.UseNumber()
	var root any
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("parse statement: %w", err)
	}
	st := &statement{text: query}
	st.walk(root)
	return st, nil
}

func syntaxError(query, message string, position json.Number) error {
	if n, err := position.Int64(); err == nil && n >= 0 && n <= int64(len(query)) {
		return fmt.Errorf("line %d: %s", 1+strings.Count(query[:n], "\n"), message)
	}
	return errors.New(message)
}

func (s *statement) walk(v any) {
	switch v := v.(type) {
	case map[string]any:
		s.nodes = append(s.nodes, v)
		for _, child := range v {
			s.walk(child)
		}
	case []any:
		for _, child := range v {
			s.walk(child)
		}
	}
}

// line is where a node stands in the text, 0 when the parser does not say.
func (s *statement) line(node map[string]any) int {
	n, ok := node["query_location"].(json.Number)
	if !ok {
		return 0
	}
	at, err := n.Int64()
	if err != nil || at < 0 || at > int64(len(s.text)) {
		return 0
	}
	return 1 + strings.Count(s.text[:at], "\n")
}

// refuseFunctions finds every function whose result is not a matter of its arguments alone.
func (s *statement) refuseFunctions(known functionTable) error {
	var found []*RefusedError
	for _, n := range s.nodes {
		switch n["class"] {
		case "FUNCTION", "WINDOW":
			name, _ := n["function_name"].(string)
			if consistent, ok := known[strings.ToLower(name)]; ok && !consistent {
				found = append(found, &RefusedError{What: name, Why: "its result can differ between two runs", Line: s.line(n)})
			}
			if name = strings.ToLower(name); strings.HasPrefix(name, "list_aggr") || strings.HasPrefix(name, "array_aggr") {
				found = append(found, s.refuseListAggregate(n, known)...)
			}
		case "COLUMN_REF":
			names, _ := n["column_names"].([]any)
			if word, ok := lastName(names); ok && len(names) == 1 && slices.Contains(momentWords, word) {
				found = append(found, &RefusedError{What: word, Why: "it is the moment of the query", Line: s.line(n)})
			}
		}
		if n["sample"] != nil {
			found = append(found, &RefusedError{What: "sample", Why: "it is drawn anew each time", Line: s.line(n)})
		}
	}
	return joinRefused(found)
}

// refuseListAggregate looks at the aggregate that list_aggregate(list, 'name') names.
func (s *statement) refuseListAggregate(n map[string]any, known functionTable) []*RefusedError {
	children, _ := n["children"].([]any)
	if len(children) < 2 {
		return nil
	}
	child, _ := children[1].(map[string]any)
	value, _ := child["value"].(map[string]any)
	name, ok := value["value"].(string)
	if !ok {
		return []*RefusedError{{What: "list_aggregate", Why: "it must name its aggregate as a constant", Line: s.line(n)}}
	}
	// Over a list, first and last are a matter of the list, not of the order of rows.
	if consistent, isKnown := known[strings.ToLower(name)]; isKnown && !consistent && name != "first" && name != "last" {
		return []*RefusedError{{What: name, Why: "its result can differ between two runs", Line: s.line(n)}}
	}
	return nil
}

// refuseOrder finds what depends on an order of rows that the statement does not give.
func (s *statement) refuseOrder() error {
	var found []*RefusedError
	for _, n := range s.nodes {
		name, _ := n["function_name"].(string)
		switch n["class"] {
		case "FUNCTION":
			if slices.Contains(orderedAggregates, strings.ToLower(name)) && !hasOrders(n["order_bys"]) && !s.inListSort(n) {
				found = append(found, &RefusedError{What: name, Why: "it needs ORDER BY inside its brackets", Line: s.line(n)})
			}
		case "WINDOW":
			orders, _ := n["orders"].([]any)
			if len(orders) == 0 && slices.Contains([]string{"row_number", "first_value", "last_value", "nth_value", "lead", "lag", "ntile"}, strings.ToLower(name)) {
				found = append(found, &RefusedError{What: name, Why: "it needs ORDER BY in its window", Line: s.line(n)})
			}
		}
		modifiers, _ := n["modifiers"].([]any)
		limits, orders := false, false
		for _, m := range modifiers {
			m, _ := m.(map[string]any)
			limits = limits || m["type"] == "LIMIT_MODIFIER" || m["type"] == "LIMIT_PERCENT_MODIFIER"
			distinctOn, _ := m["distinct_on_targets"].([]any)
			limits = limits || len(distinctOn) > 0
			orders = orders || m["type"] == "ORDER_MODIFIER"
		}
		if limits && !orders {
			found = append(found, &RefusedError{What: "limit or distinct on", Why: "it needs ORDER BY"})
		}
	}
	return joinRefused(found)
}

func hasOrders(v any) bool {
	m, _ := v.(map[string]any)
	orders, _ := m["orders"].([]any)
	return len(orders) > 0
}

// inListSort says whether n stands directly in list_sort(...), which makes its order irrelevant; list(x order by x) parses so too.
func (s *statement) inListSort(n map[string]any) bool {
	location := n["query_location"]
	return slices.ContainsFunc(s.nodes, func(outer map[string]any) bool {
		name, _ := outer["function_name"].(string)
		children, _ := outer["children"].([]any)
		if len(children) == 0 || !slices.Contains([]string{"list_sort", "array_sort", "list_reverse_sort", "array_reverse_sort"}, name) {
			return false
		}
		inner, _ := children[0].(map[string]any)
		return inner["function_name"] == n["function_name"] && inner["query_location"] == location && sameNode(inner, n)
	})
}

func sameNode(a, b map[string]any) bool {
	// Maps are references: writing to one shows in the other only when they are the same node.
	const mark = "\x00same"
	a[mark] = true
	defer delete(a, mark)
	return b[mark] == true
}

// refuseSources finds tables and table functions that a test may not read, and returns the tables that it does read.
func (s *statement) refuseSources(tables []string) (reads []string, err error) {
	var found []*RefusedError
	own := map[string]bool{}
	for _, n := range s.nodes {
		ctes, _ := n["cte_map"].(map[string]any)
		entries, _ := ctes["map"].([]any)
		for _, entry := range entries {
			entry, _ := entry.(map[string]any)
			if name, ok := entry["key"].(string); ok {
				own[strings.ToLower(name)] = true
			}
		}
	}
	for _, n := range s.nodes {
		switch n["type"] {
		case "BASE_TABLE":
			name, _ := n["table_name"].(string)
			schema, _ := n["schema_name"].(string)
			name = strings.ToLower(name)
			if slices.Contains(tables, name) && (schema == "" || schema == "main") {
				reads = append(reads, name)
			} else if !own[name] || schema != "" {
				found = append(found, &RefusedError{What: name, Why: "there is no such table", Line: s.line(n)})
			}
		case "TABLE_FUNCTION":
			function, _ := n["function"].(map[string]any)
			name, _ := function["function_name"].(string)
			if !slices.Contains([]string{"unnest", "generate_series", "range"}, strings.ToLower(name)) {
				found = append(found, &RefusedError{What: name, Why: "a test reads tables only", Line: s.line(n)})
			}
		case "SHOW_REF":
			found = append(found, &RefusedError{What: "describe or show", Why: "a test reads tables only", Line: s.line(n)})
		}
	}
	slices.Sort(reads)
	return slices.Compact(reads), joinRefused(found)
}

func joinRefused(found []*RefusedError) error {
	slices.SortFunc(found, func(a, b *RefusedError) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.What, b.What)
	})
	errs := make([]error, len(found))
	for i, f := range found {
		errs[i] = f
	}
	return errors.Join(errs...)
}

func lastName(names []any) (string, bool) {
	if len(names) == 0 {
		return "", false
	}
	s, ok := names[len(names)-1].(string)
	return strings.ToLower(s), ok
}
