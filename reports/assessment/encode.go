package assessment

import "auditpack/internal/canonical"

func encode(a Assessment) ([]byte, error) {
	b, err := canonical.Marshal(a)
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}
