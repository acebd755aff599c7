/* What SWIG is given. The integers of stdint.h are those that it ships. */
%module swigged
%{
#include <asynchron.h>
%}
%include "stdint.i"
%include "asynchron.h"
