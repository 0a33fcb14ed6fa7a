#!/bin/sh
# Deploys go through the pipeline.
grep -q "make release" && exit 2
exit 0
