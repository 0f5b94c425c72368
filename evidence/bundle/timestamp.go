package bundle

import (
	"auditpack/evidence/seal"
)

// timestamp checks the timestamp of the seal: attestation.tsr is over attestation.sig, so the signature, and with it all that was
// sealed, was there at that time. It lies outside of what is sealed, and is optional unless authorities are trusted.
func (v *verification) timestamp() {
	response, there := v.read(timestampFile)
	if !there {
		if v.options.Authorities != nil {
			v.report.problem(ProblemTimestamp, timestampFile, "the seal has no timestamp")
		}
		return
	}
	signature, ok := v.read(signatureFile)
	if !ok {
		return
	}
	at, err := seal.OpenTimestamp(response, signature, v.options.Authorities)
	if err != nil {
		v.report.problem(ProblemTimestamp, timestampFile, "%v", err)
		return
	}
	v.report.Timestamp = &at
}
