# Arithmetic on arrays: ref/ in plain C, x86/ for the CPU, cuda/ for the plugin. Includes nothing
# else of this tree. Files of x86/ that need their own instruction set flags go into a small
# library of their own here (libkernels_avx2_a_CFLAGS = $(AM_CFLAGS) -mavx2 -mfma) behind the
# conditional X86_64, and into ENGINE_LIBS.

noinst_LIBRARIES += libkernels.a
KERNEL_SOURCES = \
	kernels/kn.c kernels/kn.h kernels/nn.h \
	kernels/ref/conv.c \
	kernels/ref/norm.c \
	kernels/ref/plane.c \
	kernels/ref/pool.c \
	kernels/ref/prob.c \
	kernels/ref/ref.h \
	kernels/ref/resize_nd.c \
	kernels/ref/stats.c \
	kernels/ref/table.c \
	kernels/last.h \
	kernels/x86/fast.h \
	kernels/x86/last.c \
	kernels/x86/last_move.c
libkernels_a_SOURCES = $(KERNEL_SOURCES)
# Only these loops use OpenMP, by the threads oneDNN uses as well.
libkernels_a_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)

# The machine: its processor, and its GPUs. The finder of GPUs is in every build, the plugin
# that it opens only with CUDA.
libkernels_a_SOURCES += \
	kernels/cpu.c kernels/cpu.h \
	kernels/gpu.c kernels/gpu.h

if WITH_CUDA
plugin_DATA = kernels/segward-cuda.so
CLEANFILES += kernels/segward-cuda.so
CUDA_OBJECTS = kernels/cuda/device.o
kernels/segward-cuda.so: $(CUDA_OBJECTS)
	$(AM_V_GEN)$(NVCC) -shared -cudart shared -o $@ $(CUDA_OBJECTS) $(CUDA_LIBS)
endif
