// Package declaration reads pipeline.yml: what a pipeline is called, where its
// data come from, how they become tables, and which model is its answer. A
// pipeline of CSV files needs nothing else but a dbt project beside it.
//
//	pipeline.yml
//	  name: patient-activity
//	  source: csv                  or clinicaltrials.gov, with mapping: flatten.yml
//	  schema: raw
//	  tables:
//	    - name: steps
//	      file: steps.csv
//	      key: [id]
//	      columns:
//	        - {name: id, type: integer, required: true}
//
// It owns the words of that file and their checks, and opens nothing that the
// file names. It refuses what it does not know, with the line and what to type.
package declaration
