/* const_cold.h - takes the cold functions of const_cold.c into the link. */
#ifndef FLOW_TYPES_CONST_COLD_H
#define FLOW_TYPES_CONST_COLD_H

/* 1.  Called by the folder, so that a linker which reads archives once finds the
 * functions before the kernel asks for them. */
int const_cold_linked(void);

#endif
