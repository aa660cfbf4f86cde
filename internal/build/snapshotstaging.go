package build

import (
	"fmt"
	"strings"

	"apotheca/internal/warehouse"
)

// staging is the query that compares what the snapshot's query returns now
// with the rows that are valid. Its rows say what is to be done:
//
//	insert   a new version of a row, or of its deletion
//	update   the version of before ends at the new one's beginning
//	delete   the row is gone and its version ends now
func (h *history) staging(sql string, columns []warehouse.ResultColumn) string {
	parts := []string{h.inserts(columns), h.updates(columns)}
	if h.hardDeletes != "ignore" {
		parts = append(parts, h.deletes(columns))
	}
	if h.hardDeletes == "new_record" {
		parts = append(parts, h.deletions(columns))
	}
	return "with snapshot_query as (\n" + sql + "\n),\n\n" +
		"snapshotted_data as (\n    select *, " + h.keyFields() + "\n    from " + h.target.String() +
		"\n    where " + h.isOpen("") + "\n),\n\n" +
		"source_data as (\n    select\n    *,\n    " + h.keyFields() + ",\n    " + h.stamps(h.updatedAt, h.open()) +
		",\n    " + h.scdID + " as " + h.names["dbt_scd_id"] + "\n    from snapshot_query\n)\n\n" +
		strings.Join(parts, "\nunion all\n")
}

func (h *history) inserts(columns []warehouse.ResultColumn) string {
	return h.staged("insert", h.qualified("source_data", columns),
		"source_data."+h.names["dbt_updated_at"], "source_data."+h.names["dbt_valid_to"],
		"source_data."+h.names["dbt_scd_id"], "'False'") +
		"\nfrom source_data\nleft join snapshotted_data\n    on " + h.sameKeys() +
		"\nwhere snapshotted_data.dbt_unique_key_1 is null\n    or " + h.changed()
}

func (h *history) updates(columns []warehouse.ResultColumn) string {
	return h.staged("update", h.qualified("source_data", columns),
		"source_data."+h.names["dbt_updated_at"], "source_data."+h.names["dbt_updated_at"],
		"snapshotted_data."+h.names["dbt_scd_id"], h.wasDeleted()) +
		"\nfrom source_data\ninner join snapshotted_data\n    on " + h.sameKeys() +
		"\nwhere " + h.changed()
}

func (h *history) deletes(columns []warehouse.ResultColumn) string {
	return h.staged("delete", h.qualified("source_data", columns), h.now, h.now,
		"snapshotted_data."+h.names["dbt_scd_id"], h.wasDeleted()) + h.gone()
}

// deletions are the rows by which a history tells that something was deleted.
// Columns that the history does not have yet are empty in them.
func (h *history) deletions(columns []warehouse.ResultColumn) string {
	fields := make([]string, len(columns))
	for i, c := range columns {
		from := "snapshotted_data."
		if !h.has(c.Name) {
			from = "source_data."
		}
		fields[i] = from + h.dialect.Quote(c.Name)
	}
	return h.staged("insert", fields, h.now, "snapshotted_data."+h.names["dbt_valid_to"], h.reborn, "'True'") + h.gone()
}

// gone joins the valid rows that the query returns no more. A row that tells of
// a deletion is not deleted once again.
func (h *history) gone() string {
	sql := "\nfrom snapshotted_data\nleft join source_data\n    on " + h.sameKeys() +
		"\nwhere source_data.dbt_unique_key_1 is null"
	if h.hardDeletes == "new_record" {
		open := "snapshotted_data." + h.names["dbt_valid_to"]
		if h.current == "" {
			open += " is null"
		} else {
			open += " = " + h.current
		}
		sql += "\n    and not (" + h.wasDeleted() + " = 'True' and " + open + ")"
	}
	return sql
}

// staged is the head of one part: the columns in their one order.
func (h *history) staged(change string, fields []string, from, to, id, deleted string) string {
	sql := "select\n    '" + change + "' as dbt_change_type,\n    " + strings.Join(fields, ",\n    ") +
		",\n    " + h.stamps(from, to) + ",\n    " + id + " as " + h.names["dbt_scd_id"]
	if h.hardDeletes == "new_record" {
		sql += ",\n    " + deleted + " as " + h.names["dbt_is_deleted"]
	}
	return sql
}

func (h *history) qualified(table string, columns []warehouse.ResultColumn) []string {
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = table + "." + h.dialect.Quote(c.Name)
	}
	return fields
}

// changed is the strategy's condition; a row that was deleted and is back has
// changed whatever is in it.
func (h *history) changed() string {
	if h.hardDeletes == "new_record" {
		return "(" + h.rowChanged + " or " + h.wasDeleted() + " = 'True')"
	}
	return h.rowChanged
}

func (h *history) wasDeleted() string { return "snapshotted_data." + h.names["dbt_is_deleted"] }

func (h *history) keyFields() string {
	fields := make([]string, len(h.keys))
	for i, key := range h.keys {
		fields[i] = fmt.Sprintf("%s as dbt_unique_key_%d", key, i+1)
	}
	return strings.Join(fields, ", ")
}

func (h *history) sameKeys() string {
	same := make([]string, len(h.keys))
	for i := range h.keys {
		same[i] = fmt.Sprintf("snapshotted_data.dbt_unique_key_%d = source_data.dbt_unique_key_%d", i+1, i+1)
	}
	return strings.Join(same, "\n    and ")
}
