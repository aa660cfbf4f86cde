package registry_test

import (
	"net/http"
	"sync"
	"testing"

	"apotheca/internal/registry"
)

// Clients read while builds change under them: each answer is of one build.
// The race detector watches what they share.
func TestClientsReadWhileBuildsChange(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{Count: 50, Faults: faults(t, "500:every=7 repeat:every=5")})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range 6 {
				for _, path := range []string{"/studies?pageSize=5&fields=NCTId&sort=NCTId", "/version", "/studies?countTotal=true&pageSize=3"} {
					resp, err := http.Get(s.url + path)
					if err != nil {
						t.Error(err)
						return
					}
					resp.Body.Close()
					if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusInternalServerError {
						t.Errorf("%s: status %d", path, resp.StatusCode)
					}
				}
			}
		})
	}
	for range 5 {
		if err := s.Rebuild(registry.Edit{Changed: 3, Removed: 1, Added: 1}); err != nil {
			t.Error(err)
		}
	}
	clients.Wait()
	if got := s.Studies(); got != 50 {
		t.Errorf("%d studies, want 50", got)
	}
}
