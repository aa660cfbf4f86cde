package registry

func pathOf(name string) (string, bool) { return "", false }
