/* What the route table calls: one h_<noun>.c each. See route.h for what they may rely on. */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/req.h"

#define HANDLER(name) int name(struct req *r, struct sg_err *e)

HANDLER(h_health);
HANDLER(h_departments);

HANDLER(h_register);
HANDLER(h_login);
HANDLER(h_logout);
HANDLER(h_logout_everywhere);
HANDLER(h_me);
HANDLER(h_me_change);
HANDLER(h_me_password);

HANDLER(h_accounts);
HANDLER(h_account_enable); /* approve and enable: the same change of state */
HANDLER(h_account_disable);

HANDLER(h_patients);
HANDLER(h_patient_new);
HANDLER(h_patient);
HANDLER(h_patient_delete);

HANDLER(h_studies);
HANDLER(h_study_new);
HANDLER(h_study);
HANDLER(h_study_delete);

HANDLER(h_scan_new);
HANDLER(h_scan);
HANDLER(h_scan_delete);
HANDLER(h_scan_image);
HANDLER(h_scan_thumbnail);
HANDLER(h_scan_original);

HANDLER(h_upload_options);
HANDLER(h_upload_new);
HANDLER(h_upload_head);
HANDLER(h_upload_patch);
HANDLER(h_upload_delete);

HANDLER(h_jobs);
HANDLER(h_job_new);
HANDLER(h_job);
HANDLER(h_job_cancel);
HANDLER(h_job_retry);

HANDLER(h_models);

HANDLER(h_segmentation);
HANDLER(h_segmentation_threshold);
HANDLER(h_segmentation_probability);
HANDLER(h_segmentation_mask);

HANDLER(h_reports);
HANDLER(h_report);

HANDLER(h_blob_get);
HANDLER(h_blob_head);
HANDLER(h_blob_put);

#undef HANDLER

#endif
