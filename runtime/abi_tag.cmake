# Writes OUT: the ABI tag, the first 16 digits of a hash over the kernel bitcode
# and the header of the program descriptor.  Touches the file only when it changes.
file(SHA256 ${KERNEL} A)
file(SHA256 ${HEADER} B)
string(SHA256 C "${A}${B}")
string(SUBSTRING ${C} 0 16 TAG)
set(TEXT "#define FLOW_ABI_TAG \"${TAG}\"\n#define FLOW_ABI_SYMBOL flow_rt_abi_${TAG}\n")
set(OLD "")
if(EXISTS ${OUT})
  file(READ ${OUT} OLD)
endif()
if(NOT OLD STREQUAL TEXT)
  file(WRITE ${OUT} "${TEXT}")
endif()
