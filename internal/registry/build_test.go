package registry_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/registry"
)

// bodies are all studies by id.
func (s *served) bodies() map[string]study {
	s.t.Helper()
	all := map[string]study{}
	for _, text := range s.page("pageSize=1000").Studies {
		all[idOf(s.t, text)] = text
	}
	return all
}

func unstamped(text study, date string) string {
	return strings.Replace(string(text), `"versionHolder":"`+date+`"`, "", 1)
}

func TestRebuildChangesRemovesAndAdds(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 300})
	before := s.bodies()
	if err := s.Rebuild(registry.Edit{Changed: 7, Removed: 5, Added: 3}); err != nil {
		t.Fatal(err)
	}
	after := s.bodies()
	var changed, removed, added []string
	for id, text := range before {
		now, there := after[id]
		if !there {
			removed = append(removed, id)
		} else if unstamped(text, "2026-10-02") != unstamped(now, "2026-10-05") {
			changed = append(changed, id)
		}
		if there && !strings.Contains(string(now), `"versionHolder":"2026-10-05"`) {
			t.Errorf("%s does not carry the new build's date", id)
		}
	}
	for id := range after {
		if _, there := before[id]; !there {
			added = append(added, id)
		}
	}
	if diff := cmp.Diff([]int{7, 5, 3, 298}, []int{len(changed), len(removed), len(added), s.Studies()}); diff != "" {
		t.Errorf("changed, removed, added, all (-want +got):\n%s", diff)
	}
	fresh := s.ids("pageSize=1000&filter.advanced=" + url.QueryEscape("AREA[LastUpdatePostDate]RANGE[2026-10-05,MAX]"))
	want := slices.Sorted(slices.Values(append(changed, added...)))
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(fresh))); diff != "" {
		t.Errorf("updated since the build (-want +got):\n%s", diff)
	}
	if resp, _ := s.get("/studies/" + removed[0]); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a removed study is answered with %d", resp.StatusCode)
	}
	if resp, body := s.get("/studies/" + added[0]); resp.StatusCode != http.StatusOK || study(body) != after[added[0]] {
		t.Errorf("an added study is answered with %d", resp.StatusCode)
	}
}

func TestEqualEditsMakeEqualRegistries(t *testing.T) {
	t.Parallel()
	edited := func() map[string]study {
		s := serve(t, registry.Options{Count: 200, Seed: 4})
		for _, e := range []registry.Edit{{Changed: 9, Removed: 4}, {Changed: 20, Added: 6}} {
			if err := s.Rebuild(e); err != nil {
				t.Fatal(err)
			}
		}
		return s.bodies()
	}
	if diff := cmp.Diff(edited(), edited()); diff != "" {
		t.Errorf("the same edits give two registries:\n%s", diff)
	}
}

func TestRebuildTimestamps(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 5}) // 2026-10-02 is a Friday
	given := time.Date(2027, 1, 4, 9, 0, 2, 0, time.UTC)
	var got []string
	for _, e := range []registry.Edit{{}, {}, {DataTimestamp: given}} {
		if err := s.Rebuild(e); err != nil {
			t.Fatal(err)
		}
		got = append(got, s.DataTimestamp().Format(time.DateTime))
	}
	want := []string{"2026-10-05 09:00:04", "2026-10-06 09:00:04", "2027-01-04 09:00:02"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timestamps (-want +got):\n%s", diff)
	}
}

func TestRebuildRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 5})
	for _, e := range []registry.Edit{{Changed: 3, Removed: 3}, {Added: -1}} {
		if err := s.Rebuild(e); err == nil {
			t.Errorf("%+v: no error", e)
		}
	}
	if got := s.Studies(); got != 5 {
		t.Errorf("%d studies after refused edits, want 5", got)
	}
}

func TestWithheldStudiesSurviveAChange(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 100})
	if err := s.Rebuild(registry.Edit{Changed: 100}); err != nil {
		t.Fatal(err)
	}
	for id, text := range s.bodies() {
		if strings.Contains(string(text), "{}") || strings.Contains(string(text), "[]") || strings.Contains(string(text), "null") {
			t.Errorf("%s holds an empty value after a change", id)
		}
	}
}
