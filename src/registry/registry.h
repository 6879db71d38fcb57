/*
 * The object library and the officer library: regions, agencies, officers, units, buildings.
 * Requirements H1, B1, B9. See README.md for the tables.
 */
#pragma once

#include "store/store.h"
#include "web/module.h"

extern const Module registry_module;

typedef enum RiskGrade { RISK_UNKNOWN, RISK_LOW, RISK_GENERAL, RISK_HIGHER, RISK_HIGH } RiskGrade;
