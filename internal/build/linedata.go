package build

import (
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// data begins what a log of JSON tells of a result: the node_info by which
// tools find the node.
func (r *Result) data() map[string]any { return map[string]any{"node_info": r.info()} }

// dataAs is data with another status.
func (r *Result) dataAs(status string) map[string]any {
	info := r.info()
	info["node_status"] = status
	return map[string]any{"node_info": info}
}

func (r *Result) info() map[string]any {
	status := string(r.Status)
	if r.Finished.IsZero() {
		status = "started"
	}
	relation := map[string]string{"database": "", "schema": "", "alias": "", "relation_name": ""}
	info := map[string]any{
		"unique_id": r.UniqueID, "node_name": r.declared(), "resource_type": string(r.Type()), "node_path": r.File(), "materialized": "",
		"node_status": status, "node_started_at": logStamp(r.Started), "node_finished_at": logStamp(r.Finished),
		"node_checksum": "", "node_relation": relation, "meta": map[string]any{},
	}
	switch {
	case r.Node != nil:
		n := r.Node
		info["node_path"], info["node_checksum"] = n.Path, n.Checksum.Checksum
		relation["database"], relation["schema"], relation["alias"], relation["relation_name"] = n.Database, n.Schema, n.Alias, n.RelationName
		info["materialized"] = n.Config.Materialized()
		if n.ResourceType == dbt.DataTest {
			info["materialized"] = "test"
		}
		if meta, _ := n.Config.Get("meta"); meta != nil {
			info["meta"] = jinja.ToGo(meta)
		}
	case r.Source != nil:
		relation["database"], relation["schema"], relation["relation_name"] = r.Source.Database, r.Source.Schema, r.Source.RelationName
	case r.UnitTest != nil:
		info["node_path"] = r.UnitTest.Path
	case r.Exposure != nil:
		info["node_path"] = r.Exposure.Path
	}
	return info
}

// declared is the name under which the subject stands in its file.
func (r *Result) declared() string {
	switch {
	case r.Node != nil:
		return r.Node.Name
	case r.UnitTest != nil:
		return r.UnitTest.Name
	case r.Source != nil:
		return r.Source.Name
	}
	return r.Exposure.Name
}

func logStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000")
}

// logged is a result as the log has it.
func (r *Result) logged() map[string]any {
	recorded := recorded(r)
	text, failures := "", int64(0)
	if recorded.Message != nil {
		text = *recorded.Message
	}
	if recorded.Failures != nil {
		failures = *recorded.Failures
	}
	return map[string]any{
		"adapter_response": recorded.AdapterResponse, "execution_time": recorded.ExecutionTime, "message": text, "num_failures": failures,
		"status": string(r.Status), "thread": r.Thread, "timing_info": recorded.Timing,
	}
}

// line is the event with all results at the end.
func (rs *Results) line() Line {
	results := []any{}
	for _, r := range rs.All {
		if !r.silent {
			results = append(results, r.logged())
		}
	}
	return Line{Name: "EndRunResult", Level: LevelDebug, Text: "Command end result", Data: map[string]any{
		"elapsed_time": rs.Elapsed.Seconds(), "generated_at": rs.Started.Add(rs.Elapsed).UTC().Format("2006-01-02T15:04:05Z"),
		"success": !rs.Failed(), "results": results,
	}}
}

// event is dbt's name of the line of a node: that it starts, or how it ended.
func (r *Result) event() string {
	started := r.Finished.IsZero()
	switch {
	case r.isBatch() && started:
		return "LogStartBatch"
	case r.isBatch():
		return "LogBatchResult"
	case r.broken != nil:
		return "LogSkipBecauseError"
	case r.Status == Skipped && !r.isHook():
		return "SkippingDetails"
	case r.Status == NoOp:
		return "LogNodeNoOpResult"
	case r.Type() == dbt.Operation && started:
		return "LogHookStartLine"
	case r.Type() == dbt.Operation:
		return "LogHookEndLine"
	case started:
		return "LogStartLine"
	}
	switch r.Type() {
	case dbt.DataTest, dbt.UnitTestResource:
		return "LogTestResult"
	case dbt.Seed:
		return "LogSeedResult"
	case dbt.Snapshot:
		return "LogSnapshotResult"
	case dbt.SourceResource:
		return "LogFreshnessResult"
	}
	return "LogModelResult"
}

// progressData is what the line of a node tells, which differs by its kind.
func (e Event) progressData() map[string]any {
	r := e.Result
	data := r.data()
	if r.isBatch() {
		data["batch_index"], data["total_batches"], data["description"] = r.Index, e.Total, r.batchText()
		if !r.Finished.IsZero() {
			data["status"], data["execution_time"] = string(r.Status), r.Took().Seconds()
		}
		return data
	}
	data["index"], data["total"] = r.Index, e.Total
	event := r.event()
	if event == "LogStartLine" {
		data["description"] = description(r)
		return data
	}
	if !r.Finished.IsZero() && r.Status != Skipped {
		data["status"], data["execution_time"] = string(r.Status), r.Took().Seconds()
	}
	switch event {
	case "LogHookStartLine", "LogHookEndLine":
		data["statement"] = r.Name()
	case "LogSkipBecauseError":
		data["schema"], data["relation"], data["status"] = r.Node.Schema, r.declared(), string(r.broken.Status)
	case "SkippingDetails":
		data["node_name"], data["resource_type"], data["schema"] = r.declared(), string(r.Type()), ""
		if r.Node != nil {
			data["schema"], data["node_name"] = r.Node.Schema, r.Node.Alias
		}
	case "LogTestResult":
		delete(data, "total")
		data["name"], data["num_models"], data["num_failures"], data["attached_node"] = r.Name(), e.Total, int64(0), ""
		if r.Failures != nil {
			data["num_failures"] = *r.Failures
		}
		if r.Node != nil && r.Node.Test != nil {
			data["attached_node"] = r.Node.Test.AttachedNode
		}
	case "LogSeedResult":
		data["schema"], data["relation"], data["result_message"] = r.Node.Schema, r.Node.Alias, r.Response
	case "LogSnapshotResult":
		data["description"], data["result_message"] = r.Name(), r.Response
	case "LogFreshnessResult":
		data["source_name"], data["table_name"] = r.Source.SourceName, r.Source.Name
	case "LogModelResult", "LogNodeNoOpResult":
		data["description"] = description(r)
		if r.Status == Success {
			data["status"] = r.Response
		}
		if r.Batches != nil {
			data["status"] = r.Message
		}
	}
	return data
}

func levelOf(e Event) Level {
	switch {
	case e.Kind == NodeStarted:
	case e.Result.Failed() || e.Result.broken != nil:
		return LevelError
	case e.Result.Status == Warn:
		return LevelWarn
	}
	return LevelInfo
}
