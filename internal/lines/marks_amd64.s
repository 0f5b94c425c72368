#include "go_asm.h"
#include "textflag.h"

DATA control<>+0(SB)/1, $0x1f // the largest control byte
GLOBL control<>(SB), RODATA, $1
DATA opening<>+0(SB)/1, $0x7b // {
GLOBL opening<>(SB), RODATA, $1
DATA closing<>+0(SB)/1, $0x7d // }
GLOBL closing<>(SB), RODATA, $1

// func addWide(m *marks, b *byte, n int)
//
// Each step takes 32 bytes. Masks have a bit for each byte, the first one lowest.
TEXT ·addWide(SB), NOSPLIT, $0-24
	MOVQ m+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ marks_opening(DI), AX
	MOVQ marks_closing(DI), BX
	MOVQ marks_joined(DI), DX
	MOVQ marks_closed(DI), R8
	VPBROADCASTB control<>(SB), Y1
	VPBROADCASTB opening<>(SB), Y2
	VPBROADCASTB closing<>(SB), Y3
	VPXOR Y4, Y4, Y4 // all bytes by or
	VPXOR Y5, Y5, Y5 // 0xff where one was a control byte

step:
	VMOVDQU (SI), Y0
	VPOR Y0, Y4, Y4
	VPMINUB Y0, Y1, Y6
	VPCMPEQB Y0, Y6, Y6
	VPOR Y6, Y5, Y5
	VPCMPEQB Y0, Y2, Y7
	VPMOVMSKB Y7, R9 // opening braces
	VPCMPEQB Y0, Y3, Y8
	VPMOVMSKB Y8, R10 // closing braces
	POPCNTQ R9, R11
	ADDQ R11, AX
	POPCNTQ R10, R12
	ADDQ R12, BX
	LEAQ (R8)(R10*2), R13 // what stands behind closing braces
	ANDQ R9, R13
	ORQ R13, DX
	SHRQ $31, R10
	MOVQ R10, R8
	ADDQ $32, SI
	SUBQ $32, CX
	JNZ step

	VPMOVMSKB Y4, R9
	VPMOVMSKB Y5, R10
	VZEROUPPER
	ORQ R9, marks_high(DI)
	ORQ R10, marks_control(DI)
	MOVQ AX, marks_opening(DI)
	MOVQ BX, marks_closing(DI)
	MOVQ DX, marks_joined(DI)
	MOVQ R8, marks_closed(DI)
	RET
