#!/bin/sh
# Compiles cards.c for main.flow. The header comes with Flow: <prefix>/include, or the folder
# runtime/include of its sources; FLOW_INCLUDE names another.
cc -O2 -shared -fPIC -I"${FLOW_INCLUDE:-../../runtime/include}" -o libcards.so cards.c
