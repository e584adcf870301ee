"""Lists in and out, as Excel, WPS and Foxmail write them: export, scrub, import of contacts."""
