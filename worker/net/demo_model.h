/*
 * The first demonstration models: small convolutional networks laid out by hand, their few
 * numbers fitted to 20 images of `segward phantom` (seed 5) each. They show the whole way of a scan
 * until trained models take their place; their cards say that they are for phantoms and for no
 * patient.
 */
#ifndef SG_NET_DEMO_MODEL_H
#define SG_NET_DEMO_MODEL_H

#include "common/buf.h"
#include "common/err.h"

/* The i-th demonstration model's name ("cells", "liver"); NULL past the end. */
const char *sg_demo_model_name(int i);

/* Append the model as an ONNX file, with its metadata inside; the same bytes every time.
 * Errors: SG_EABSENT "demo_absent" (no model of that name), SG_EBUSY "net_memory". */
int sg_demo_model(struct sg_buf *onnx, const char *name, struct sg_err *e);

#endif
