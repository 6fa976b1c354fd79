# Turns cli/report/page.css, byte for byte, into a C++ source (cli/report/page_css.h), with its
# SHA-256 in base64: by that the page's Content-Security-Policy knows its only style sheet.
function(hex_to_base64 hex output)
  set(letters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  set(text "")
  string(REGEX MATCHALL "......" groups "${hex}00")  # 32 bytes and one more are eleven groups of three
  foreach(group IN LISTS groups)
    foreach(shift 18 12 6 0)
      math(EXPR index "0x${group} >> ${shift} & 63")
      string(SUBSTRING "${letters}" ${index} 1 letter)
      string(APPEND text "${letter}")
    endforeach()
  endforeach()
  string(REGEX REPLACE ".$" "=" text "${text}")  # the byte more was none
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

function(embed_css output)
  set(file "${PROJECT_SOURCE_DIR}/cli/report/page.css")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  file(READ "${file}" css)
  file(SHA256 "${file}" hex)
  hex_to_base64("${hex}" hash)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/page_css.cpp")
  set(source "#include \"cli/report/page_css.h\"\n\nnamespace defender_car {\n\nconst std::string_view page_css = R\"__css__(${css})__css__\";\nconst std::string_view page_css_hash = \"sha256-${hash}\";\n\n}  // namespace defender_car\n")
  file(CONFIGURE OUTPUT "${generated}.in" CONTENT "@source@" @ONLY)
  file(COPY_FILE "${generated}.in" "${generated}" ONLY_IF_DIFFERENT)
  set(${output} "${generated}" PARENT_SCOPE)
endfunction()
