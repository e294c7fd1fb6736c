# SPDX-License-Identifier: Apache-2.0
# Optional parts of the build. A part has a setting of AUTO (built if its dependencies are found), ON or OFF. The file
# of a part declares the setting, collects missing dependencies, and ends with the decision.

# optional_begin(NAME LABEL DOC): declares the setting TCP_EXPORTER_NAME. If it is OFF, returns from the including file.
macro(optional_begin name label doc)
  set(TCP_EXPORTER_${name} AUTO CACHE STRING "${doc}: AUTO (if its dependencies are found), ON or OFF")
  set_property(CACHE TCP_EXPORTER_${name} PROPERTY STRINGS AUTO ON OFF)
  set(TCP_EXPORTER_${name}_FOUND FALSE)
  set(missing "")
  if(TCP_EXPORTER_${name} STREQUAL "OFF")
    message(STATUS "${label}: off")
    return()
  endif()
endmacro()

# optional_needs(VARIABLE TEXT): TEXT is missing unless the variable is true.
macro(optional_needs variable text)
  if(NOT ${variable})
    list(APPEND missing "${text}")
  endif()
endmacro()

# optional_end(NAME LABEL FOUND): sets TCP_EXPORTER_NAME_FOUND to TRUE if nothing is missing. FOUND describes what was
# found.
macro(optional_end name label found)
  if(NOT missing)
    set(TCP_EXPORTER_${name}_FOUND TRUE)
    message(STATUS "${label}: on (${found})")
  else()
    list(JOIN missing ", " missing)
    if(TCP_EXPORTER_${name} STREQUAL "ON")
      message(FATAL_ERROR "TCP_EXPORTER_${name}=ON, but missing: ${missing}")
    endif()
    message(STATUS "${label}: off, missing: ${missing}")
  endif()
endmacro()
