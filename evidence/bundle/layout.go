package bundle

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"auditpack/evidence"
)

// Format names the layout of a bundle; Verify refuses any other.
const Format = "auditpack.bundle/1"

// Members outside the payload, in the order in which they lie around it: bagit.txt is the first member of the zip, the
// payload follows in the order of names, and then the others.
const (
	bagitFile       = "bagit.txt"
	bagInfoFile     = "bag-info.txt"
	manifestFile    = "manifest-sha256.txt"
	tagManifestFile = "tagmanifest-sha256.txt"
	envelopeFile    = "attestation.dsse.json"
	signedFile      = "attestation.pae"
	signatureFile   = "attestation.sig"
	publicKeyFile   = "seal.pub.pem"
	timestampFile   = "attestation.tsr" // optional
)

// Places in the payload that Create fills itself.
const (
	payloadFolder  = "data/"
	recordFolder   = "data/records/"
	evidenceFolder = "data/evidence/sha256/"
	journalFolder  = "data/journal/"
	checkpointFile = "data/checkpoint"
	logKeyFile     = "data/keys/log.pub"
	verifyFile     = "data/VERIFY.txt"
)

// bagitText is what bagit.txt says in every bag. Source: RFC 8493, section 2.1.1.
const bagitText = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

var (
	sealFiles = []string{envelopeFile, signedFile, signatureFile, publicKeyFile} // outside the manifests, in this order
	tagFiles  = []string{bagInfoFile, bagitFile, manifestFile}                   // in the tag manifest, in this order
	ownPlaces = []string{"records", "evidence", "journal", "checkpoint", "keys", "VERIFY.txt"}
)

// namePattern keeps names to what every file system and every shell takes without quoting, so that unpacking and the commands
// in VERIFY.txt work everywhere.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$`)

const maxNameBytes = 200

// checkName refuses a name that a bundle cannot have.
func checkName(name string) error {
	if len(name) > maxNameBytes || !namePattern.MatchString(name) {
		return fmt.Errorf("name %q: want at most %d letters, digits, dots, dashes and underscores, with slashes between", name, maxNameBytes)
	}
	return nil
}

// inOrder returns payload names in the order of the whole zip, with everything around them.
func inOrder(payload []string, timestamped bool) []string {
	slices.Sort(payload)
	names := slices.Concat([]string{bagitFile}, payload, []string{bagInfoFile, manifestFile, tagManifestFile}, sealFiles)
	if timestamped {
		names = append(names, timestampFile)
	}
	return names
}

// deflated says whether a member is compressed. It follows from the name alone, so that there is one layout: what is
// compressed already, and the seal, lie there as they are.
func deflated(name string) bool {
	switch path.Ext(name) {
	case ".parquet", ".xlsx", ".png", ".zst", ".gz", ".zip":
		return false
	}
	return !slices.Contains(sealFiles, name) && name != timestampFile
}

func recordName(d evidence.Digest) string   { return recordFolder + d.Hex() + ".json" }
func evidenceName(d evidence.Digest) string { return evidenceFolder + d.Hex() }
func entryName(number int64) string         { return fmt.Sprintf("%s%08d.json", journalFolder, number) }

// digestInName returns the digest that a member's name promises, for those whose name does.
func digestInName(name string) (evidence.Digest, bool) {
	hexa, ok := strings.CutPrefix(name, evidenceFolder)
	if !ok {
		if hexa, ok = strings.CutPrefix(name, recordFolder); ok {
			hexa, ok = strings.CutSuffix(hexa, ".json")
		}
	}
	if !ok {
		return "", false
	}
	d, err := evidence.ParseDigest("sha256:" + hexa)
	return d, err == nil
}
