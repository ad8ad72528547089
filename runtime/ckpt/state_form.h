/* state_form.h - numbers of the form of state files that writer and reader share. */
#ifndef FLOW_RUNTIME_CKPT_STATE_FORM_H
#define FLOW_RUNTIME_CKPT_STATE_FORM_H

#define RT_STATE_MAGIC 0x53574c46u /* "FLWS" */
/* Grows with any change of the form; a file of another version is refused by number. */
#define RT_STATE_VERSION 1
#define RT_STATE_HEAD 44
#define RT_STATE_TAIL 32

#endif
