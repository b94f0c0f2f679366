/*
 * The descriptor set of all protos, as data of the program; BMT_DESCRIPTORS is its path, given by the build.
 */
    .section .rodata
    .balign 16
    .globl rpc_descriptors_start
    .globl rpc_descriptors_end
rpc_descriptors_start:
    .incbin BMT_DESCRIPTORS
rpc_descriptors_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
