# Arithmetic on arrays: ref/ in plain C, x86/ for the CPU, cuda/ for the plugin. Includes nothing
# else of this tree. Files of x86/ that need their own instruction set flags go into a small
# library of their own here (libkernels_avx2_a_CFLAGS = $(AM_CFLAGS) -mavx2 -mfma) behind the
# conditional X86_64, and into ENGINE_LIBS.
#
# A CUDA plugin, when there are .cu files (the rule for them is in Makefile.am):
#   if WITH_CUDA
#   plugin_PROGRAMS/plugin_DATA = kernels/segward-cuda.so, linked by
#   $(NVCC) -shared -o $@ $(objects) $(CUDA_LIBS)
#   endif

noinst_LIBRARIES += libkernels.a
libkernels_a_SOURCES =
