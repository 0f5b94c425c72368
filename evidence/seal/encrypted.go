package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Errors of encrypted keys.
var (
	ErrNoPassphrase = errors.New("the key is encrypted, and there is no passphrase")
	ErrPassphrase   = errors.New("wrong passphrase")
)

// How keys are encrypted: PKCS #8 with PBES2, which openssl reads and writes too.
//
// Source: RFC 8018, "PKCS #5", appendix A; RFC 5958, section 3.
const (
	newIterations = 600_000    // of PBKDF2 with HMAC-SHA-256: about 0.2 s, what the field asks for as of 2026
	maxIterations = 20_000_000 // a file that asks for more is refused rather than waited for
	saltBytes     = 16
)

var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES128CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

type encryptedKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	KeyDerivation pkix.AlgorithmIdentifier
	Cipher        pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyBytes   int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"` // HMAC-SHA-1 when left out
}

// encryptKey wraps a PKCS #8 key in an EncryptedPrivateKeyInfo: PBKDF2 with HMAC-SHA-256, AES-256-CBC.
func encryptKey(der, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, errors.New("encrypt private key: the passphrase is empty")
	}
	random := make([]byte, saltBytes+aes.BlockSize)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("encrypt private key: %w", err)
	}
	salt, iv := random[:saltBytes], random[saltBytes:]
	block, err := deriveCipher(passphrase, salt, newIterations, 32)
	if err != nil {
		return nil, fmt.Errorf("encrypt private key: %w", err)
	}
	padding := aes.BlockSize - len(der)%aes.BlockSize
	data := make([]byte, len(der)+padding)
	copy(data, der)
	for i := len(der); i < len(data); i++ {
		data[i] = byte(padding)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	b, err := marshalEncrypted(salt, iv, data)
	if err != nil {
		return nil, fmt.Errorf("encrypt private key: %w", err)
	}
	return b, nil
}

func marshalEncrypted(salt, iv, data []byte) ([]byte, error) {
	kdf, err := algorithm(oidPBKDF2, pbkdf2Params{
		Salt: salt, Iterations: newIterations, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue},
	})
	if err != nil {
		return nil, err
	}
	aes256, err := algorithm(oidAES256CBC, iv)
	if err != nil {
		return nil, err
	}
	scheme, err := algorithm(oidPBES2, pbes2Params{KeyDerivation: kdf, Cipher: aes256})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(encryptedKeyInfo{Algorithm: scheme, Data: data})
}

func algorithm(oid asn1.ObjectIdentifier, parameters any) (pkix.AlgorithmIdentifier, error) {
	b, err := asn1.Marshal(parameters)
	if err != nil {
		return pkix.AlgorithmIdentifier{}, err
	}
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.RawValue{FullBytes: b}}, nil
}

// decryptKey returns the PKCS #8 key in an EncryptedPrivateKeyInfo. A passphrase that does not fit is ErrPassphrase, mostly: one
// in 256 gives bytes that only parsing finds to be no key.
func decryptKey(b, passphrase []byte) ([]byte, error) {
	var info encryptedKeyInfo
	var scheme pbes2Params
	var kdf pbkdf2Params
	var iv []byte
	if err := unmarshalAll(b, &info); err != nil {
		return nil, fmt.Errorf("encrypted key: %w", err)
	}
	if !info.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("key is encrypted by %s: want PBES2; openssl pkcs8 -topk8 -v2 aes-256-cbc converts it", info.Algorithm.Algorithm)
	}
	if err := unmarshalAll(info.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, fmt.Errorf("encrypted key: PBES2: %w", err)
	}
	if !scheme.KeyDerivation.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("key is derived from the passphrase by %s: want PBKDF2; openssl pkcs8 -topk8 -v2 aes-256-cbc converts it", scheme.KeyDerivation.Algorithm)
	}
	if err := unmarshalAll(scheme.KeyDerivation.Parameters.FullBytes, &kdf); err != nil {
		return nil, fmt.Errorf("encrypted key: PBKDF2: %w", err)
	}
	if !kdf.PRF.Algorithm.Equal(oidHMACSHA256) {
		return nil, errors.New("key is derived from the passphrase by another hash than HMAC-SHA-256; openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 converts it")
	}
	keyBytes := map[string]int{oidAES128CBC.String(): 16, oidAES256CBC.String(): 32}[scheme.Cipher.Algorithm.String()]
	if keyBytes == 0 {
		return nil, fmt.Errorf("key is encrypted with %s: want AES-256-CBC; openssl pkcs8 -topk8 -v2 aes-256-cbc converts it", scheme.Cipher.Algorithm)
	}
	if err := unmarshalAll(scheme.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, fmt.Errorf("encrypted key: AES-CBC: %w", err)
	}
	switch {
	case kdf.Iterations < 1 || kdf.Iterations > maxIterations:
		return nil, fmt.Errorf("encrypted key: %d iterations: want 1 to %d", kdf.Iterations, maxIterations)
	case kdf.KeyBytes != 0 && kdf.KeyBytes != keyBytes:
		return nil, fmt.Errorf("encrypted key: key of %d bytes for a cipher that takes %d", kdf.KeyBytes, keyBytes)
	case len(iv) != aes.BlockSize:
		return nil, fmt.Errorf("encrypted key: initial vector of %d bytes, want %d", len(iv), aes.BlockSize)
	case len(info.Data) == 0 || len(info.Data)%aes.BlockSize != 0:
		return nil, fmt.Errorf("encrypted key: %d bytes of data are no whole blocks", len(info.Data))
	}
	block, err := deriveCipher(passphrase, kdf.Salt, kdf.Iterations, keyBytes)
	if err != nil {
		return nil, fmt.Errorf("encrypted key: %w", err)
	}
	der := make([]byte, len(info.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(der, info.Data)
	return unpad(der)
}

// unpad takes the padding of CBC off. How it is wrong is told to nobody: it says the same as a wrong passphrase.
func unpad(b []byte) ([]byte, error) {
	padding := int(b[len(b)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, ErrPassphrase
	}
	for _, p := range b[len(b)-padding:] {
		if int(p) != padding {
			return nil, ErrPassphrase
		}
	}
	return b[:len(b)-padding], nil
}

func deriveCipher(passphrase, salt []byte, iterations, keyBytes int) (cipher.Block, error) {
	key, err := pbkdf2.Key(sha256.New, string(passphrase), salt, iterations, keyBytes)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}

func unmarshalAll(b []byte, into any) error {
	rest, err := asn1.Unmarshal(b, into)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return errors.New("trailing bytes")
	}
	return nil
}
